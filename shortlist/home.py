"""Where things lie in a home folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one home folder. Nothing is created by naming it."""

    root: Path

    @property
    def events(self) -> Path:
        """Canonical events, ``date=YYYY-MM-DD/*.parquet``, append-only."""
        return self.root / "events"

    @property
    def items(self) -> Path:
        """The catalogue."""
        return self.root / "catalog" / "items.parquet"

    @property
    def users(self) -> Path:
        """User attributes."""
        return self.root / "catalog" / "users.parquet"

    @property
    def stored_files(self) -> Path:
        """The list of the files of events and catalogue, each with its size and hash."""
        return self.root / "files.json"

    @property
    def journal(self) -> Path:
        """Events that were accepted over HTTP and are not in the event store yet."""
        return self.root / "journal.db"

    @property
    def register(self) -> Path:
        """Facts that came over HTTP and count at once: states of items."""
        return self.root / "register.db"

    @property
    def exposures(self) -> Path:
        """The lists that were served, ``date=YYYY-MM-DD/*.parquet``."""
        return self.root / "exposures"

    @property
    def import_lock(self) -> Path:
        """The file whose lock the one importer holds."""
        return self.root / ".import.lock"

    @property
    def staging(self) -> Path:
        """Where an import writes before its files are put into place."""
        return self.root / ".staging"

    @property
    def redo(self) -> Path:
        """The record of an import's files that are being put into place."""
        return self.root / ".redo.json"

    @property
    def tables(self) -> Path:
        """The arrays of a training that is under way, or was broken off."""
        return self.root / ".tables"

    @property
    def imports(self) -> Path:
        """One record per import: what was read, taken and refused."""
        return self.root / "imports"

    @property
    def rejects(self) -> Path:
        """Quarantined rows, one file per import, each row with a reason code."""
        return self.root / "rejects"

    @property
    def bundles(self) -> Path:
        """Immutable bundles, one folder per version."""
        return self.root / "bundles"

    @property
    def current(self) -> Path:
        """The file that names the serving version."""
        return self.root / "CURRENT"

    @property
    def forced(self) -> Path:
        """What was published although the gate refused it."""
        return self.root / "forced.json"

    @property
    def retrains(self) -> Path:
        """A record of each retraining, how far it came and what came of it."""
        return self.root / "retrains"

    @property
    def monitoring(self) -> Path:
        """What `shortlist monitor` found, a file for each day."""
        return self.root / "monitoring"

    @property
    def compiled(self) -> Path:
        """Compiled kernels, where they cannot be kept beside their source. Machine code: not to be copied elsewhere."""
        return self.root / ".compiled"

    @property
    def reports(self) -> Path:
        """Evaluation reports, one folder per version."""
        return self.root / "reports"
