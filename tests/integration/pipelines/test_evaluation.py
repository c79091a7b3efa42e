"""Evaluating a home whose right answer is known."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import sync_playwright

from offline_eval.evaluation import Evaluation
from offline_eval.page import write_report
from pipelines.evaluation import evaluate_home
from shortlist.errors import DataError
from shortlist.home import Home
from shortlist.progress import SilentReporter

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def evaluated_home(tmp_path_factory, make_home, tiny_events) -> Home:
    """A home with the smaller shop."""
    return make_home(tmp_path_factory.mktemp("evaluated") / "home", tiny_events)


@pytest.fixture(scope="module")
def evaluation(evaluated_home: Home, tiny_config) -> Evaluation:
    """What the evaluation of it says."""
    return evaluate_home(evaluated_home, tiny_config, SilentReporter(), test_days=14, ks=(10, 5))


def estimate(evaluation: Evaluation, system: str, segment: str, metric: str) -> float:
    """One figure of the report."""
    rows = [one for one in evaluation.to_dict()["systems"] if (one["name"], one["segment"]) == (system, segment)]
    (row,) = rows
    return row["metrics"][metric]["mean"]


def test_two_stages_are_far_above_popularity(evaluation: Evaluation) -> None:
    """Where even users buy even items and everybody has favourites, the two stages find them and popularity cannot."""
    systems = {one["name"] for one in evaluation.to_dict()["systems"]}
    assert {"two_stage", "stage_one"} < systems
    popular = [name for name in systems if "popular" in name]
    assert popular
    for name in popular:
        assert estimate(evaluation, "two_stage", "overall", "ndcg@10") > 2 * estimate(
            evaluation, name, "overall", "ndcg@10"
        )


def test_what_lists_are_like_and_what_they_were_made_from(evaluation: Evaluation) -> None:
    """Popular lists show and repeat least; all sources together find what any of them does, and what lists hold."""
    report = evaluation.to_dict()
    lists = {one["name"]: one for one in report["lists"]}
    assert lists.keys() == {one["name"] for one in report["systems"]}
    assert lists["two_stage"]["coverage@10"] > lists["popularity"]["coverage@10"]
    assert lists["two_stage"]["gini@10"] < lists["popularity"]["gini@10"]
    assert lists["two_stage"]["repeat_share@10"] > lists["popularity"]["repeat_share@10"]
    assert lists["two_stage"]["revenue@10"]["mean"] > lists["popularity"]["revenue@10"]["mean"] > 0
    candidates = report["candidates"]
    assert {one["name"] for one in candidates["sources"]} > {"als", "item_knn", "history"}
    for one in candidates["sources"]:
        assert 0 <= one["only"] <= one["recall"] <= candidates["recall"] <= 1
        assert one["n_candidates"] <= candidates["n_candidates"] <= 320
    assert candidates["recall"] >= estimate(evaluation, "two_stage", "overall", "recall@10")


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium: CHROMIUM, or on the PATH")
@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 390)])
def test_the_page_shows_it_without_the_internet(
    evaluation: Evaluation, tmp_path: Path, scheme: Literal["light", "dark"], width: int
) -> None:
    """A real browser draws it, as wide as the screen, asks nobody for anything, and complains of nothing."""
    write_report(evaluation, tmp_path)
    asked, complaints = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto((tmp_path / "evaluation.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.get_by_role("heading", name="For whom they are good").is_visible()
        assert page.locator("svg.ours circle").count() >= 2
        assert page.locator("svg circle").first.bounding_box() is not None
        browser.close()
    assert [url.partition(":")[0] for url in asked] == ["file"]
    assert complaints == []


def test_home_is_not_touched(evaluated_home: Home, evaluation: Evaluation) -> None:
    """An evaluation leaves no bundle, publishes nothing and writes no report by itself."""
    assert evaluation.to_dict()["protocol"]
    assert not evaluated_home.bundles.exists()
    assert not evaluated_home.current.exists()
    assert not evaluated_home.reports.exists()


@pytest.mark.parametrize("cut", [datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)])
def test_cut_outside_the_events_is_refused(evaluated_home: Home, tiny_config, cut: datetime) -> None:
    """A cut with nothing before it or nothing after it is a `DataError`."""
    with pytest.raises(DataError, match="--cut"):
        evaluate_home(evaluated_home, tiny_config, SilentReporter(), cut=cut)


def test_window_as_long_as_the_events_is_refused(evaluated_home: Home, tiny_config) -> None:
    """More days to test than there are is a `DataError` that says how many there are."""
    with pytest.raises(DataError, match="--test-days"):
        evaluate_home(evaluated_home, tiny_config, SilentReporter(), test_days=500)


def test_protocol_without_days_tests_no_days(evaluated_home: Home, tiny_config) -> None:
    """Each user's last event and a share held out are tested without days; the two together are a `DataError`."""
    for protocol in ("last", "holdout"):
        found = evaluate_home(evaluated_home, tiny_config, SilentReporter(), protocol=protocol)
        assert found.to_dict()["protocol"]["protocol"] == protocol
        assert estimate(found, "two_stage", "overall", "ndcg@10") > 0
        with pytest.raises(DataError, match="--test-days"):
            evaluate_home(evaluated_home, tiny_config, SilentReporter(), protocol=protocol, test_days=14)


def test_too_few_users_are_said_before_anything_is_trained(tmp_path, make_home, tiny_events, tiny_config) -> None:
    """Of one user, or of a few, no mean is printed."""
    few = tiny_events[tiny_events["user_id"].isin(sorted(tiny_events["user_id"].unique())[:3])]
    home = make_home(tmp_path / "home", few)
    with pytest.raises(DataError, match=r"3 users have both a past and something to find.*too few to measure on"):
        evaluate_home(home, tiny_config, SilentReporter(), protocol="last")
