"""What the console is told when it is started."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Self

from shortlist.home import Home

VARIABLE: Final = "SHORTLIST_CONSOLE"
"""Of the process that the console is; not for people."""


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

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """What `to_environment` wrote."""
        fields = json.loads(environment[VARIABLE])
        return cls(**fields | {"home_root": Path(fields["home_root"])})

    def to_environment(self) -> dict[str, str]:
        """One variable that says it all."""
        return {VARIABLE: json.dumps(asdict(self) | {"home_root": str(self.home_root)})}
