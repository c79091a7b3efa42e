"""What was found on each day, as files in the home."""

from datetime import date
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from monitoring.rules import Finding, Status, worst
from shortlist.atomic import replace_file
from shortlist.home import Home

SUFFIX: Final = ".json"


class Report(BaseModel):
    """One day beside what a training saw.

    Attributes
    ----------
    version : str or None
        The bundle whose profile it was compared with.
    n_served : int
        Served lists of the day that were looked at; where there are few, lists are made anew.
    figures : dict of str to float
        The day's figures, for a history of them.
    notes : tuple of str
        What was not compared, and why.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: date
    written_at: AwareDatetime
    version: str | None
    n_events: int
    n_served: int
    figures: dict[str, float | None]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """The worst of all findings."""
        return worst(self.findings)

    def not_fine(self) -> list[Finding]:
        """Warnings and alerts, alerts first."""
        return [one for one in self.findings if one.status in {"warn", "alert"}]


def write_report(home: Home, report: Report) -> None:
    """Write the report of a day, over an earlier one of the same day."""
    home.monitoring.mkdir(parents=True, exist_ok=True)
    replace_file(home.monitoring / f"{report.day}{SUFFIX}", report.model_dump_json(indent=1).encode())


def read_reports(home: Home, n_newest: int) -> list[Report]:
    """The newest reports, the oldest of them first; one that cannot be read is passed over."""
    found = []
    for path in sorted(home.monitoring.glob(f"*{SUFFIX}"))[-n_newest:]:
        try:
            found.append(Report.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError):
            continue
    return found
