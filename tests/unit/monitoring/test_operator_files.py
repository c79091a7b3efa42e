"""Alert rules and the Grafana board ask only for figures that the service has."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from data.log.journal import Entry
from data.log.sqlite_journal import SqliteJournal
from monitoring.counters import ServiceCounters, _Deaths
from monitoring.home_figures import HomeFigures
from monitoring.reports import Report, write_report
from monitoring.rules import Finding
from shortlist.home import Home

DEPLOY = Path(__file__).parents[3] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "shortlist.rules.yml").read_text())["groups"][0]["rules"]
BOARD = json.loads((DEPLOY / "grafana" / "shortlist.json").read_text())
ASKED = [rule["expr"] for rule in RULES] + [one["expr"] for panel in BOARD["panels"] for one in panel["targets"]]
SUFFIXES = ("", "_total", "_bucket", "_sum", "_count")
FINDING = Finding(
    rule="volume",
    subject="events",
    status="alert",
    value=1,
    expected=2,
    effect=2,
    p_value=0,
    adjusted_p=0,
    sentence=".",
)


def report(*findings: Finding) -> Report:
    """What was found on the second of January."""
    return Report(
        day=date(2026, 1, 2),
        written_at=datetime.now(UTC),
        version="v",
        n_events=1,
        n_served=0,
        figures={},
        findings=findings,
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with one event that waits, and a monitored day."""
    home = Home(tmp_path)
    journal = SqliteJournal(home.journal)
    journal.append([Entry("k", b"{}")])
    journal.close()
    write_report(home, report(FINDING, FINDING.model_copy(update={"rule": "hours", "status": "ok"})))
    return home


def figures(home: Home) -> dict[str, float]:
    """The figures of a home, the labels in their names."""
    text = ServiceCounters().expose(HomeFigures(home)).decode()
    families = text_string_to_metric_families(text)
    return {f"{one.name}{one.labels or ''}": one.value for family in families for one in family.samples}


def test_a_home_shows_what_waits_and_what_was_found(home: Home) -> None:
    found = figures(home)
    assert found["shortlist_journal_waiting"] == 1
    assert found["shortlist_monitor_day_timestamp_seconds"] == datetime(2026, 1, 2, tzinfo=UTC).timestamp()
    assert found["shortlist_monitor_level{'rule': 'volume'}"] == 2
    assert found["shortlist_monitor_level{'rule': 'hours'}"] == 0


def test_a_home_of_nothing_shows_nothing_that_is_not_there(tmp_path: Path) -> None:
    found = figures(Home(tmp_path))
    assert found["shortlist_journal_waiting"] == 0
    assert not any("monitor" in name or "bundle" in name for name in found)


@pytest.mark.parametrize("asked", ASKED)
def test_every_figure_that_is_asked_for_is_there(asked: str, home: Home, tmp_path: Path) -> None:
    counters = ServiceCounters()
    families = [*counters.registry.collect(), *HomeFigures(home).collect(), *_Deaths(tmp_path).collect()]
    there = {f"{family.name}{suffix}" for family in families for suffix in SUFFIXES}
    there |= {"shortlist_bundle_data_end_timestamp_seconds"}  # of a home with a bundle: test_operation.py
    named = set(re.findall(r"shortlist_[a-z_]+", asked))
    assert named <= there
    assert named or asked.startswith("up{")


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    assert all({"summary", "action"} == set(rule["annotations"]) for rule in RULES)
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
