"""From a list that is served to what became of it."""

import json
import shutil
from pathlib import Path

from click.testing import CliRunner
from live_service import clear_live, live_service, patient

from data.merging import merge_users
from experiments.config import ExperimentsConfig
from pipelines.cli import group
from ranking.recommender import Recommender
from serving.app import create_app
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.home import Home

USER = "user-001"


def test_what_became_of_lists(small_home: Home, small_recommender: Recommender, tmp_path: Path) -> None:
    """Served, clicked, bought, drained and counted; of ids that were merged as of one user."""
    home = Home(Path(shutil.copytree(small_home.root, tmp_path / "home")))
    clear_live(home)
    settings = ServiceSettings(home, patient())
    with live_service(create_app(settings, Service(small_recommender, {}, ExperimentsConfig()))) as client:
        shown = client.get(f"/recommendations/{USER}?limit=3").json()
        visit = client.get("/recommendations/visitor?limit=3").json()["items"][0]["item_id"]
        first, second = (item["item_id"] for item in shown["items"][:2])
        named = {"user_id": USER, "recommendation_id": shown["recommendation_id"]}
        events = [
            named | {"item_id": first, "event_type": "click"},
            {"user_id": USER, "item_id": second, "event_type": "purchase", "price": 3.5, "quantity": 2},
            {"user_id": "visitor", "item_id": visit, "event_type": "click"},
        ]
        assert client.post("/events", json=events).json()["accepted"] == 3
        assert client.put("/items", json=[{"item_id": second, "cost": 1.5}]).json()["accepted"] == 1
    merge_users(home, USER, "visitor")
    options = ["--home", str(home.root)]
    assert CliRunner().invoke(group, ["drain", *options]).exit_code == 0
    done = CliRunner().invoke(group, ["outcomes", "--json", *options])
    row = json.loads(done.stdout)["rows"]["control"]
    assert (row["lists"], row["users"], row["click_rate"], row["conversion_rate"]) == (2, 1, 1.0, 0.5)
    assert (row["revenue_per_list"], row["revenue_per_user"], row["margin_per_list"]) == (3.5, 7.0, 2.0)
    table = CliRunner().invoke(group, ["outcomes", "--by", "scenario", *options], env={"COLUMNS": "200"}).output
    assert "home" in table
    assert "50.00%" in table
    past = CliRunner().invoke(group, ["outcomes", "--until", "2020-01-01", *options])
    assert past.output.startswith("No list was noted")
