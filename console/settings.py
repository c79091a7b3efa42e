"""What the console is told when it is started."""

from dataclasses import dataclass, field
from pathlib import Path

from shortlist.home import Home


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """All that the console is made from.

    Attributes
    ----------
    service_url : str
        Where the service answers.
    key : str
        What a browser must show once, and what the service wants of the console.
    api_key : str or None
        What the service wants for lists, where it wants one.
    home_root : Path
        The home whose manifest and reports are shown.
    max_limit : int
        As many items as the service gives a storefront.
    """

    service_url: str
    key: str = field(repr=False)
    api_key: str | None = field(repr=False)
    home_root: Path
    max_limit: int = 100

    @property
    def home(self) -> Home:
        """The home."""
        return Home(self.home_root)
