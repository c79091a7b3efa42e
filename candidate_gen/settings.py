"""The [candidate_gen] table of the configuration: one table below it for each source."""

from typing import Any, Self

from pydantic import Field, create_model

from candidate_gen.source import Source, SourceConfig
from candidate_gen.sources import SOURCES
from shortlist.config import ConfigModel


class _CandidateConfig(ConfigModel):
    """Stage one."""

    max_candidates: int = Field(default=320, ge=1)

    def of(self, source: type[Source]) -> SourceConfig:
        """The settings of one source."""
        config: SourceConfig = getattr(self, source.name)
        return config

    def sources(self) -> tuple[type[Source], ...]:
        """The sources that are switched on."""
        return tuple(source for source in SOURCES if self.of(source).limit)

    def with_limit(self, source: str, limit: int) -> Self:
        """The same settings, with another limit of one source; 0 leaves it out."""
        config = getattr(self, source).model_copy(update={"limit": limit})
        return self.model_copy(update={source: config})


_tables: dict[str, Any] = {source.name: (source.Config, source.Config()) for source in SOURCES}


class CandidateConfig(create_model("_Tables", __base__=_CandidateConfig, **_tables)):  # type: ignore[misc]
    """Stage one: `max_candidates`, and a table for each source."""


def upgraded(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a bundle of release 0.1 in today's tables; today's as they are.

    Release 0.1 knew five sources, held their limits in one table, and cut nothing after merging.
    """
    if "limits" not in settings:
        return settings
    limits, popularity = settings["limits"], settings["popularity"]
    tables = {source.name: {"limit": limits.get(source.name, 0)} for source in SOURCES if source.name != "popular"}
    tables["als"] |= settings["als"] | {"index": settings["index"]}
    tables["item_knn"] |= settings["item_knn"]
    tables["category_popular"] |= popularity
    tables["popular"] = {"limit": limits["popular"], "half_life_days": popularity["half_life_days"]}
    return tables | {"max_candidates": sum(limits.values())}
