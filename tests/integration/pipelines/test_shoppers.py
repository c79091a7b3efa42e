"""Shoppers of known preferences, over HTTP: nothing is found where nothing differs, and what is worse is called so."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from live_service import clear_live, live_service, patient

from data.store import read_events
from experiments.config import load_experiments
from pipelines.cli import group
from pipelines.monitoring import monitor
from pipelines.settings import Config
from ranking.recommender import Recommender
from serving.app import create_app
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.home import Home
from shortlist.progress import SilentReporter

N_LISTS = 2
FILE = """
[[layers]]
name = "one"
salt = "one-1"
[[layers]]
name = "two"
salt = "two-1"
[[experiments]]
name = "same"
salt = "same-1"
enabled = true
layer = "one"
share = 1.0
variants = [{name = "a", weight = 0.5, control = true}, {name = "b", weight = 0.5}]
[[experiments]]
name = "hidden"
salt = "hidden-1"
enabled = true
layer = "two"
share = 1.0
variants = [
    {name = "shown", weight = 0.5, control = true},
    {name = "hidden", weight = 0.5, parameters = {exclude_purchased = true}},
]
"""


def chances(events: pd.DataFrame) -> dict[tuple[str, str], int]:
    """How often each shopper bought each item: those of the small shop buy their favourites again."""
    return events.groupby(["user_id", "item_id"]).size().to_dict()


def shop(client: httpx.Client, liked: dict[tuple[str, str], int], users: list[str]) -> list[dict]:
    """Every shopper looks at lists, and buys of each what was bought before, the more often the more likely."""
    rng, bought = np.random.default_rng(3), []
    for user in users * N_LISTS:
        shown = client.get(f"/recommendations/{user}?limit=5").json()
        for item in shown["items"]:
            if rng.random() < 0.03 + 0.03 * liked.get((user, item["item_id"]), 0):
                named = {"user_id": user, "recommendation_id": shown["recommendation_id"]}
                bought.append(named | {"item_id": item["item_id"], "event_type": "purchase", "price": 2})
    return bought


@pytest.fixture(scope="module")
def played(small_home: Home, small_recommender: Recommender, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options of a home in which every shopper has shopped."""
    folder = tmp_path_factory.mktemp("shoppers")
    home, file = Home(Path(shutil.copytree(small_home.root, folder / "home"))), folder / "experiments.toml"
    file.write_text(FILE)
    clear_live(home)
    events = read_events(home)
    settings = ServiceSettings(home, patient())
    with live_service(create_app(settings, Service(small_recommender, {}, load_experiments(file)))) as client:
        bought = shop(client, chances(events), sorted(events["user_id"].unique()))
        assert client.post("/events", json=bought).json()["accepted"] == len(bought)
    options = ["--home", str(home.root)]
    assert CliRunner().invoke(group, ["drain", *options]).exit_code == 0
    return [*options, "--experiments", str(file)]


def effects(played: list[str], name: str) -> dict[str, dict]:
    """The effects of an experiment by metric."""
    command = ["experiment", "read", name, "--since", "2026-01-01", "--json", *played]
    found = json.loads(CliRunner().invoke(group, command).stdout)
    assert found["blocked"] is None
    return {one["metric"]: one for one in found["effects"]}


def test_where_nothing_differs_nothing_is_found(played: list[str]) -> None:
    assert min(one["adjusted_p"] for one in effects(played, "same").values()) > 0.05


def test_hiding_what_shoppers_buy_again_is_found_to_sell_less(played: list[str]) -> None:
    conversion = effects(played, "hidden")["conversion_rate"]
    assert conversion["high"] < 0
    assert conversion["always_high"] < 0
    assert conversion["adjusted_p"] < 0.001


def test_a_day_s_served_lists_are_looked_at(played: list[str]) -> None:
    """Their variety and their hits, of the lists that were noted and not of others."""
    home = Home(Path(played[1]))
    report = monitor(home, Config(), SilentReporter(), datetime.now(UTC).date())
    found = {one.rule: one for one in report.findings}
    assert report.n_served == N_LISTS * len(read_events(home)["user_id"].unique())
    assert not any("made anew" in note for note in report.notes)
    assert 0.5 < found["hit_rate"].value <= 1
    assert 0 < found["coverage"].value <= 1
    assert found["hit_rate"].status == "ok"
