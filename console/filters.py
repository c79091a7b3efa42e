"""The filters of a list, as the page's form gives them and the service takes them."""

from dataclasses import dataclass
from typing import Final, Self

from starlette.datastructures import QueryParams

LIMITS: Final = (5, 10, 20, 50)
USUAL_LIMIT: Final = 10


def limits_up_to(most: int) -> tuple[int, ...]:
    """The limits that the form offers where the service gives at most so many items."""
    return tuple(limit for limit in LIMITS if limit <= most) or (most,)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the form holds.

    Attributes
    ----------
    limit : int
        One that the form offers.
    version : str or None
        A loaded bundle; the published one without.
    """

    limit: int = USUAL_LIMIT
    category: str = ""
    exclude: str = ""
    in_stock: bool = False
    exclude_purchased: bool = False
    version: str | None = None

    @classmethod
    def read(cls, query: QueryParams, most: int = LIMITS[-1]) -> Self:
        """Read a query string; what is not understood is as if it were not there."""
        offered = {str(limit): limit for limit in limits_up_to(most)}
        return cls(
            limit=offered.get(query.get("limit", ""), min(USUAL_LIMIT, most)),
            category=query.get("category", "").strip(),
            exclude=query.get("exclude", "").strip(),
            in_stock=query.get("in_stock") == "true",
            exclude_purchased=query.get("exclude_purchased") == "true",
            version=query.get("version", "").strip() or None,
        )

    def parameters(self) -> list[tuple[str, str]]:
        """The parameters of the service's call; several excluded items stand behind commas in the form."""
        excluded = [("exclude", one.strip()) for one in self.exclude.split(",") if one.strip()]
        flags = [(name, "true") for name in ("in_stock", "exclude_purchased") if getattr(self, name)]
        category = [("category", self.category)] if self.category else []
        return [("limit", str(self.limit)), *category, *excluded, *flags]
