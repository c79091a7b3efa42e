"""What `shortlist size` computes, beside what was measured."""

import json

import pytest
from click.testing import CliRunner

from pipelines.cli import group
from pipelines.settings import Config
from pipelines.sizing import size_of

SHOP = {"n_users": 1_000_000, "n_items": 100_000, "n_events": 20_000_000, "rate": 1_000.0}


@pytest.mark.parametrize(
    ("more", "grown"),
    [
        ("n_users", {"bundle", "shared_memory", "cores"}),
        ("n_items", {"bundle", "shared_memory", "cores"}),
        ("n_events", {"bundle", "shared_memory", "stored", "import_memory", "import_seconds"}),
        ("rate", {"cores"}),
    ],
)
def test_a_larger_shop_takes_more_of_what_it_should(more: str, grown: set[str]) -> None:
    """Models are fitted on no more than 20 million events, so more of them only take longer to read."""
    small, large = (size_of(**(SHOP | {more: SHOP[more] * times}), config=Config()).to_dict() for times in (1, 50))
    found = {name for name, value in small.items() if large[name] > value}
    assert found - {"work_disk"} == grown | ({"training_seconds"} if more == "n_events" else set())


MEASURED = [
    (100_000, 1_000, 2_003_917, {"bundle": 35e6, "import_memory": 1.3e9}),
    (100_000, 100_000, 2_003_940, {"bundle": 432e6, "stored": 58e6, "import_memory": 1.3e9, "training_memory": 4.7e9}),
    (300_000, 100_000, 5_994_515, {"bundle": 496e6, "stored": 157e6, "import_memory": 2.9e9}),
    (2_467, 5_000, 1_469_307, {"training_seconds": 240.0}),
    (10_000_000, 100_000, 199_966_804, {"bundle": 2.86e9, "stored": 3.6e9, "import_memory": 4.3e9}),
    (10_000_000, 100_000, 199_966_804, {"training_memory": 12.0e9, "training_seconds": 2_246, "shared_memory": 2.9e9}),
]
"""docs/performance.md, "How cost grows"."""


@pytest.mark.parametrize(("n_users", "n_items", "n_events", "measured"), MEASURED)
def test_it_says_what_was_measured(n_users: int, n_items: int, n_events: int, measured: dict[str, float]) -> None:
    """Within a third."""
    found = size_of(n_users, n_items, n_events, 100.0, Config()).to_dict()
    assert {name: found[name] for name in measured} == pytest.approx(measured, rel=1 / 3)


def test_the_command_prints_a_table_or_json() -> None:
    command = ["size", "--users", "1000", "--items", "100", "--rate", "50"]
    shown = CliRunner().invoke(group, command)
    assert (shown.exit_code, "20,000 events" in shown.stdout) == (0, True)
    found = json.loads(CliRunner().invoke(group, [*command, "--json"]).stdout)
    assert (found["events"], found["cores"]) == (20_000, 1)
    assert CliRunner().invoke(group, [*command, "--events", "0"]).exit_code == 2
