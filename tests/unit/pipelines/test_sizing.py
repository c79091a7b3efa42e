"""What `shortlist size` computes, beside what was measured."""

import json

import pytest
from click.testing import CliRunner

from pipelines.cli import group
from pipelines.settings import Config
from pipelines.sizing import size_of

SHOP = {"n_users": 1_000_000, "n_items": 100_000, "n_events": 20_000_000, "rate": 100.0}


@pytest.mark.parametrize("more", SHOP)
def test_a_larger_shop_takes_more(more: str) -> None:
    small, large = (size_of(**(SHOP | {more: SHOP[more] * times}), config=Config()).to_dict() for times in (1, 3))
    assert not [name for name, value in small.items() if large[name] < value]
    of_bundle = {"bundle", "shared_memory", "training_memory", "work_disk"}
    assert {name for name, value in small.items() if large[name] > value} == {
        "n_users": of_bundle,
        "n_items": of_bundle,
        "n_events": set(small) - {"worker_memory", "cores"},
        "rate": {"cores"},
    }[more]


def test_the_command_prints_a_table_or_json() -> None:
    command = ["size", "--users", "1000", "--items", "100", "--rate", "50"]
    shown = CliRunner().invoke(group, command)
    assert (shown.exit_code, "20,000 events" in shown.stdout) == (0, True)
    found = json.loads(CliRunner().invoke(group, [*command, "--json"]).stdout)
    assert (found["events"], found["cores"]) == (20_000, 1)
    assert CliRunner().invoke(group, [*command, "--events", "0"]).exit_code == 2
