"""The one door through which a bundle comes to serve: verified, loaded, warm, its kernel proven, only then named."""

from dataclasses import dataclass

from ranking.bundling import load_recommender
from ranking.ranker import Scorer
from shortlist.home import Home
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

    def warning(self) -> str:
        """What the one who publishes must know; empty when all is well."""
        if self.scorer != "lightgbm":
            return ""
        return (
            f"{self.version}: LightGBM scores its trees, several times as slowly: they have too many leaves for the "
            "kernel, or the kernel did not agree with LightGBM."
        )


def publish(home: Home, name: str) -> Published:
    """Make a version (its name, ``latest`` or ``current``) the serving one.

    Raises
    ------
    BundleError
        When it is not whole, or holds what this release cannot serve; then nothing changes.
    """
    registry = Registry(home)
    version = registry.resolve(name)
    scorer = _made_ready(registry, version)
    return Published(registry.publish(version), scorer)


def rollback(home: Home) -> Published:
    """Make the version that served before the current one serve again. Raises as `publish` does."""
    registry = Registry(home)
    scorer = _made_ready(registry, registry.previous())
    return Published(registry.rollback(), scorer)


def _made_ready(registry: Registry, version: str) -> Scorer | None:
    """Check every file, load, make a list, compile the kernels and prove them; says what scores."""
    ranker = load_recommender(registry.open(version)).two_stage.ranker
    return None if ranker is None else ranker.scorer
