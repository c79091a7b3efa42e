"""`shortlist experiment`: from lists that were served to whether a variant is better."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from live_service import clear_live, live_service, patient

from experiments.config import load_experiments
from pipelines.cli import group
from ranking.recommender import Recommender
from serving.app import create_app
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.home import Home

FILE = """
[[experiments]]
name = "stages"
salt = "s"
enabled = true
share = 1.0
variants = [
    {name = "old", weight = 0.5, control = true},
    {name = "new", weight = 0.5, parameters = {stage = "retrieval"}},
]
[experiments.overrides]
user-000 = "new"
"""
N_USERS = 120


@pytest.fixture(scope="module")
def played(small_home: Home, small_recommender: Recommender, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options of a home in which everybody got a list, and those of the new variant bought more often."""
    folder = tmp_path_factory.mktemp("experiment")
    home, file = Home(Path(shutil.copytree(small_home.root, folder / "home"))), folder / "experiments.toml"
    file.write_text(FILE)
    clear_live(home)
    settings = ServiceSettings(home, patient())
    with live_service(create_app(settings, Service(small_recommender, {}, load_experiments(file)))) as client:
        events = []
        for number in range(N_USERS):
            user = f"user-{number:03}"
            shown = client.get(f"/recommendations/{user}?limit=1").json()
            is_new = shown["variant"] == "stages:new"
            if number % 3 == 0 or is_new:
                named = {"user_id": user, "recommendation_id": shown["recommendation_id"]}
                item = shown["items"][0]["item_id"]
                events.append(
                    named | {"item_id": item, "event_type": "purchase" if number % 2 else "click", "price": 2}
                )
        assert client.post("/events", json=events).json()["accepted"] == len(events)
    options = ["--home", str(home.root)]
    assert CliRunner().invoke(group, ["drain", *options]).exit_code == 0
    return [*options, "--experiments", str(file)]


def test_a_variant_that_sells_more_is_found(played: list[str]) -> None:
    """With its users, without the tester; as JSON and in words."""
    command = ["experiment", "read", "stages", "--since", "2026-01-01", *played]
    found = json.loads(CliRunner().invoke(group, [*command, "--json"]).stdout)
    assert sum(found["users"].values()) == N_USERS - 1
    assert found["blocked"] is None
    conversion = next(one for one in found["effects"] if one["metric"] == "conversion_rate")
    assert conversion["low"] > 0
    assert conversion["adjusted_p"] < 0.01
    assert found["guardrails"][0]["metric"] == "error_rate"
    words = CliRunner().invoke(group, command).output
    assert "new: conversion rate" in words
    assert "beyond chance" in words


def test_an_experiment_that_is_not_there(played: list[str]) -> None:
    """The names that are there stand in the message."""
    found = CliRunner().invoke(group, ["experiment", "read", "other", "--since", "2026-01-01", *played])
    assert (found.exit_code, "stages" in found.output) == (2, True)


def test_before_it_began_there_is_nothing_to_compare(played: list[str]) -> None:
    """And the read-out says so."""
    command = ["experiment", "read", "stages", "--since", "2020-01-01", "--until", "2020-02-01", *played]
    assert "nothing to compare" in CliRunner().invoke(group, command).output


def test_a_plan_says_how_many_users(played: list[str], small_home: Home) -> None:
    """Fewer for a larger effect; without lists there is no plan."""
    command = ["experiment", "plan", "stages", "--metric", "conversion_rate", "--json", *played]
    small, large = (
        json.loads(CliRunner().invoke(group, [*command, "--effect", effect]).stdout) for effect in ("0.05", "0.2")
    )
    assert small["users_seen"] == N_USERS
    assert small["metrics"][0]["users"] == pytest.approx(16 * large["metrics"][0]["users"], rel=0.2)
    words = CliRunner().invoke(group, ["experiment", "plan", "stages", *played]).output
    assert "click_rate" in words
    assert "weeks" in words
    elsewhere = ["experiment", "plan", "stages", "--home", str(small_home.root), *played[2:]]
    assert CliRunner().invoke(group, elsewhere).exit_code == 3


def test_a_page_shows_effects_guardrails_and_segments(played: list[str], tmp_path: Path) -> None:
    """With what segments are not good for; a column that is not there is named."""
    command = ["experiment", "read", "stages", "--since", "2026-01-01", *played]
    report = ["--segment", "bought_before", "--report", str(tmp_path)]
    found = json.loads(CliRunner().invoke(group, [*command, *report, "--json"]).stdout)
    assert {one["metric"] for one in found["guardrails"]} == {"error_rate", "degraded_rate", "milliseconds"}
    assert {one["segment"] for one in found["segments"]} == {"had not bought"}
    page = (tmp_path / "readout.html").read_text()
    assert "Conversion rate" in page
    assert "a question for the next experiment" in page
    assert json.loads((tmp_path / "readout.json").read_text()) == found
    unknown = CliRunner().invoke(group, [*command, "--segment", "postcode"])
    assert unknown.exit_code == 3
    assert "bought_before" in unknown.output
