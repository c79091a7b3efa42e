"""Which bundles this service has checked whole: the first of its processes reads every byte, the others only map.

A seal is of a bundle's files as they were then (`shortlist.bundle`): one that was written to since is checked again.
"""

import os
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from serving.supervisor import RUN_FOLDER_VARIABLE
from shortlist.atomic import locked

SEALS_VARIABLE: Final = "SHORTLIST_CHECKED_BUNDLES"
_MARK: Final = "checked-"


class Seals(Container[str]):
    """The seals of checked bundles, shared with the other workers where there are any.

    Parameters
    ----------
    known : iterable of str
        Those that the process which started the workers has checked.
    folder : Path, optional
        Where the workers of one service tell each other.
    """

    def __init__(self, known: Container[str] = (), folder: Path | None = None) -> None:
        self._known, self._folder = known, folder
        self._own: set[str] = set()

    @classmethod
    def of_service(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Those of the service that this process is of."""
        return cls(environment.get(SEALS_VARIABLE, "").split(), run_folder(environment))

    def __contains__(self, seal: object) -> bool:
        """Whether a bundle was checked under this seal."""
        is_told = self._folder is not None and (self._folder / f"{_MARK}{seal}").exists()
        return seal in self._own or seal in self._known or is_told

    def add(self, seal: str) -> None:
        """Note that a bundle was checked; without effect on the others where the folder has no room."""
        self._own.add(seal)
        if self._folder is not None:
            try:
                (self._folder / f"{_MARK}{seal}").touch()
            except OSError:
                return  # each worker then checks for itself

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One worker at a time: who comes later finds the bundle checked."""
        if self._folder is None or not self._folder.is_dir():
            yield
            return
        with locked(self._folder, waits=True):
            yield

    def to_environment(self) -> dict[str, str]:
        """What `of_service` reads them back from."""
        return {SEALS_VARIABLE: " ".join(sorted(self._own))}


def run_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder that the workers of one service share; None for a process that serves alone."""
    named = environment.get(RUN_FOLDER_VARIABLE)
    return Path(named) if named else None
