"""The one door through which a bundle comes to serve: verified, loaded, warm, its kernel proven, only then named."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from ranking.bundling import load_recommender
from ranking.ranker import Scorer
from shortlist.atomic import replace_file
from shortlist.errors import GateRefused
from shortlist.home import Home
from shortlist.manifest import Verdict
from shortlist.registry import Registry


@dataclass(frozen=True, slots=True)
class Published:
    """What serves now.

    Attributes
    ----------
    scorer : str or None
        What scores its trees; None where it has none.
    """

    version: str
    scorer: Scorer | None
    verdict: Verdict

    def warnings(self) -> Iterator[str]:
        """What the one who publishes must know."""
        if self.scorer == "lightgbm":
            yield (
                f"{self.version}: LightGBM scores its trees, several times as slowly: they have too many leaves for "
                "the kernel, or the kernel did not agree with LightGBM."
            )
        if self.verdict.verdict not in {"passed", "not_run"}:
            yield f"{self.version}: {self.verdict.verdict}. {' '.join(self.verdict.reasons)}"


def publish(home: Home, name: str, *, is_forced: bool = False) -> Published:
    """Make a version (its name, ``latest`` or ``current``) the serving one.

    What the gate refused is let through where nothing serves yet, or by force, of which the home keeps a record.

    Raises
    ------
    GateRefused
        When the gate refused it.
    BundleError
        When it is not whole, or holds what this release cannot serve; then nothing changes.
    """
    registry = Registry(home)
    version = registry.resolve(name)
    scorer = _made_ready(registry, version)
    verdict = registry.open(version).manifest.gate
    if verdict.verdict == "refused" and registry.current() not in {None, version}:
        if not is_forced:
            raise GateRefused(f"{version}: worse than what serves. {' '.join(verdict.reasons)} --force publishes it.")
        note_forced(home, version, verdict.reasons)
    return Published(registry.publish(version), scorer, verdict)


def rollback(home: Home) -> Published:
    """Make the version that served before the current one serve again. Raises as `publish` does."""
    registry = Registry(home)
    scorer = _made_ready(registry, registry.previous())
    version = registry.rollback()
    return Published(version, scorer, registry.open(version).manifest.gate)


def note_forced(home: Home, version: str, reasons: Sequence[str]) -> None:
    """Add to the record of what was published although the gate refused it."""
    record = {"version": version, "at": datetime.now(UTC).isoformat(), "reasons": list(reasons)}
    replace_file(home.forced, orjson.dumps([*forced(home), record], option=orjson.OPT_INDENT_2))


def forced(home: Home) -> list[dict[str, Any]]:
    """What was published although the gate refused it, the oldest first: version, moment, reasons."""
    try:
        found: list[dict[str, Any]] = orjson.loads(home.forced.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return []
    return found


def _made_ready(registry: Registry, version: str) -> Scorer | None:
    """Check every file, load, make a list, compile the kernels and prove them; says what scores."""
    ranker = load_recommender(registry.open(version)).two_stage.ranker
    return None if ranker is None else ranker.scorer
