"""The main job through the installed command: files in, lists out, served, and rolled back."""

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.catalog import read_items
from data.store import read_events
from shortlist.home import Home

SHORTLIST = Path(sys.executable).with_name("shortlist")
START_SECONDS = 60
SETTINGS = """
[candidate_gen.als]
factors = 8
[ranking]
max_trees = 5
n_windows = 2
min_queries = 10
horizon_days = 14.0
"""


@pytest.fixture(scope="module")
def shop(small_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the exports of fifty users of the small shop, its catalogue and a configuration."""
    folder = tmp_path_factory.mktemp("shop")
    columns = ["user_id", "item_id", "timestamp", "event_type", "price"]
    events = read_events(small_home, columns=columns)
    events = events[events["user_id"] < "user-050"]
    events[events["timestamp"] < "2026-03-01"].to_csv(folder / "events-1.csv", index=False)
    events[events["timestamp"] >= "2026-03-01"].to_csv(folder / "events-2.csv", index=False)
    catalog = read_items(small_home)[["item_id", "title", "category", "brand", "price", "availability"]]
    catalog.to_csv(folder / "items.csv", index=False)
    (folder / "shop.toml").write_text(SETTINGS)
    (folder / "data").mkdir()  # a folder of the shop's own, which must not come before the package of that name
    return folder


def environment(folder: Path) -> dict[str, str]:
    """The variables that the commands run with."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHORTLIST_")}
    return kept | {"SHORTLIST_HOME": str(folder / "home"), "SHORTLIST_CONFIG": str(folder / "shop.toml")}


def run(folder: Path, *arguments: str) -> str:
    """Run the installed command, which must succeed, and give its standard output."""
    done = subprocess.run(
        [str(SHORTLIST), *arguments],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[httpx.Client]:
    """Run `shortlist serve` on a free port while the block lasts."""
    command = [str(SHORTLIST), "serve", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        with httpx.Client(base_url=_address(process), timeout=30, trust_env=False) as client:
            _wait_until_ready(client)
            yield client
        process.terminate()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _address(process: subprocess.Popen) -> str:
    """Where the service says it is."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if select.select([process.stdout], [], [], 0.2)[0]:
            found = re.match(r"Serving (http://\S+)", process.stdout.readline().decode())
            if found:
                return found[1]
    raise TimeoutError("the service did not say where it is")


def _wait_until_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if client.get("/health/ready").status_code == 200:
                return
        time.sleep(0.05)
    raise TimeoutError("the service did not become ready")


def test_main_job(shop: Path) -> None:
    """Import, train, publish, look, recommend, evaluate, serve, train again and roll back, as the manual says it."""
    imported = json.loads(
        run(shop, "import", "--events", "events-1.csv", "events-2.csv", "--items", "items.csv", "--json")
    )
    assert (imported["quarantined"], imported["n_users"]) == (0, 50)

    first = json.loads(run(shop, "train", "--until", "2026-05-01", "--json"))
    assert (first["ranker"], first["is_current"]) == ("lightgbm", False)
    assert first["version"] in run(shop, "publish", "latest")
    (listed,) = json.loads(run(shop, "versions", "--json"))
    assert (listed["version"], listed["is_current"]) == (first["version"], True)
    manifest = json.loads(run(shop, "inspect", "current", "--json"))
    assert manifest["version"] == first["version"]
    assert manifest["config"]["candidate_gen"]["als"]["factors"] == 8

    lists = recommended(shop, "first.parquet")
    assert len(lists) == 50
    assert all(len(items) == 10 for items in lists.values())
    odd = [int(item[-3:]) % 2 for item in lists["user-007"]]
    assert odd == [1] * 10

    report = json.loads(run(shop, "evaluate", "--json", "--report", "report"))
    scores = {one["name"]: one["metrics"]["ndcg@10"] for one in report["systems"] if one["segment"] == "overall"}
    assert {"two_stage", "stage_one"} < set(scores)
    assert (shop / "report" / "evaluation.md").is_file()

    with serving(shop) as client:
        for user in ("user-000", "user-007", "user-049"):
            answer = client.get(f"/recommendations/{user}")
            assert answer.headers["X-Model-Version"] == first["version"]
            assert [item["item_id"] for item in answer.json()["items"]] == lists[user]
        assert client.get("/recommendations/nobody").json()["source"] == "popular"

    second = json.loads(run(shop, "train", "--json"))
    run(shop, "publish", second["version"])
    assert recommended(shop, "second.parquet") != lists
    assert first["version"] in run(shop, "rollback")
    assert recommended(shop, "again.parquet") == lists


def recommended(shop: Path, name: str) -> dict[str, list[str]]:
    """The batch lists of ten that the serving version gives."""
    run(shop, "recommend", "--users", "all", "--k", "10", "--out", name)
    rows = pd.read_parquet(shop / name)
    assert rows.columns.tolist() == ["user_id", "item_id", "rank", "score", "source"]
    assert (rows["source"] == "personalized").all()
    return {user: group["item_id"].tolist() for user, group in rows.groupby("user_id")}
