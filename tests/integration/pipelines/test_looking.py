"""Commands that look: what was imported, and what a user's list comes from."""

import json
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from candidate_gen.sources import SOURCES
from pipelines.cli import group
from pipelines.profiling import _clocks, _parts
from ranking.query import Query
from ranking.recommender import Recommender
from shortlist.home import Home


def run(*arguments: object) -> str:
    """What a command prints on standard output."""
    done = CliRunner().invoke(group, [str(one) for one in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_imports_are_listed_in_the_order_of_their_time(tmp_path: Path) -> None:
    """Each with its files and what it brought; rows set aside are counted, and a repeated import is none."""
    events, items = tmp_path / "events.csv", tmp_path / "items.csv"
    events.write_text("user_id,item_id,timestamp\nu,a,2024-05-01\nv,a,2024-05-02\n,a,2024-05-02\n")
    items.write_text("item_id,title\na,Tea\n")
    home = tmp_path / "home"
    assert "Nothing was imported" in run("imports", "--home", home)
    for _ in range(2):
        run("import", "--events", events, "--event-type", "purchase", "--home", home)
    run("import", "--items", items, "--home", home)
    first, second = json.loads(run("imports", "--json", "--home", home))
    assert first["files"] == [str(events)]
    assert (first["n_events"], first["n_items"], first["n_set_aside"]) == (2, 0, 1)
    assert first["first_timestamp"] == "2024-05-01T00:00:00+00:00"
    assert (second["files"], second["n_events"], second["n_items"]) == ([str(items)], 0, 1)
    assert first["import_id"] in run("imports", "--home", home)


def test_show_has_history_and_list(small_home: Home, small_recommender: Recommender) -> None:
    """A user's newest events and list, with titles and reasons; an unknown user has no event, and a warning."""
    shown = json.loads(run("show", "user-001", "--k", 5, "--events", 3, "--json", "--home", small_home.root))
    history = small_recommender.history("user-001")
    assert len(shown["events"]) == 3
    assert shown["events"][0]["timestamp"] >= shown["events"][2]["timestamp"]
    newest = small_recommender.table.items.external(int(history.item_idx[history.timestamp.argmax()]))
    assert newest in {event["item_id"] for event in shown["events"]}
    wanted = small_recommender.recommend(Query("user-001", limit=5))
    assert [item["item_id"] for item in shown["items"]] == [item.item_id for item in wanted.items]
    assert all(item["title"].startswith("Thing") and item["reasons"] for item in shown["items"])
    text = run("show", "user-001", "--home", small_home.root)
    assert shown["items"][0]["item_id"] in text
    stranger = json.loads(run("show", "nobody", "--json", "--home", small_home.root))
    assert (stranger["events"], stranger["source"]) == ([], "popular")
    assert "The user is unknown" in stranger["warnings"][0]
    assert "0 events" in run("show", "nobody", "--home", small_home.root)


def test_versions_fit_a_narrow_terminal(small_home: Home, monkeypatch) -> None:
    """No line of the table is cut or wrapped at 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    (listed,) = json.loads(run("versions", "--json", "--home", small_home.root))
    lines = run("versions", "--home", small_home.root).splitlines()
    assert max(map(len, lines)) <= 80
    (row,) = [line for line in lines if listed["version"] in line]
    assert f"{listed['n_events']:,}" in row
    assert f"{listed['version']} *" in row


def test_profile_says_where_the_time_of_a_request_goes(small_home: Home) -> None:
    """Every source, every group of features, the trees and the answer have a line; together they are a request.

    In a process of its own: it sets threads and freezes what is loaded.
    """
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", "profile", "--requests", "30"]
    done = subprocess.run([*command, "--json", "--home", small_home.root], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    steps = {step["name"]: step for step in found["steps"]}
    assert {f"{source.name}: {part}" for source in SOURCES for part in ("ask", "best")} <= set(steps)
    assert {f"features: {group}" for group in ("useritem", "source", "item", "affinity", "user")} <= set(steps)
    assert {"trees", "answer: JSON", "history: by item"} <= set(steps)
    assert all(step["microseconds"] > 0 for name, step in steps.items() if step["calls"])
    assert all(step["calls"] == 1 for name, step in steps.items() if ": ask" in name)
    assert 0.3 < sum(step["microseconds"] for step in steps.values()) / found["request_microseconds"] < 10
    text = subprocess.run([*command, "--home", small_home.root], capture_output=True, text=True, check=True).stdout
    assert "trees" in text
    assert found["version"] in text


def test_clocks_are_taken_off_again(small_recommender: Recommender) -> None:
    """After a profile the path is what it was, inherited parts too."""
    before = {(owner, attribute): vars(owner).get(attribute) for owner, attribute, _ in _parts(small_recommender)}
    with _clocks(small_recommender) as clock:
        small_recommender.recommend(Query("user-001"))
    assert clock.calls["trees"] == 1
    small_recommender.recommend(Query("user-001"))
    assert clock.calls["trees"] == 1
    assert before == {(owner, attribute): vars(owner).get(attribute) for owner, attribute in before}
