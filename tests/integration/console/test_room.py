"""The control room: days, versions, imports and experiments of a home of its own."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from console.room import Version, quality_of, versions_of
from console.settings import ConsoleSettings
from monitoring.reports import Report, write_report
from monitoring.rules import Finding
from pipelines.settings import Config
from pipelines.training import train
from shortlist.home import Home
from shortlist.manifest import Comparison
from shortlist.progress import SilentReporter
from shortlist.registry import Registry

KEY = "the console's key"
HOSTILE = "<b>p1</b>"
EFFECT = {
    "metric": "click_rate",
    "variant": "new",
    "value": 0.2,
    "control": 0.1,
    "difference": 0.1,
    "low": 0.05,
    "high": 0.15,
    "always_low": 0.01,
    "always_high": 0.19,
    "adjusted_p": 0.001,
}
WIDTHS = {"phone": 390, "desktop": 1440}


def report(day: date, status: str) -> Report:
    """A day with one finding."""
    numbers = {"value": 0.5, "expected": 0.6, "effect": 1.2, "p_value": None, "adjusted_p": None}
    sentence = f"customers who took an item of their list, {HOSTILE}: 50.00%; 60.00% was to be expected."
    finding = Finding(rule="hit_rate", subject="customers", status=status, sentence=sentence, **numbers)
    return Report(
        day=day,
        written_at=datetime.now(UTC),
        version="v1",
        n_events=1_000 + day.day,
        n_served=10,
        figures={"events": 1_000.0 + day.day, "users": 90.0},
        findings=(finding,),
    )


@pytest.fixture(scope="module")
def home(small_home: Home, tiny_room_config: Config, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with two versions, forty days, an import and a read-out."""
    home = Home(Path(shutil.copytree(small_home.root, tmp_path_factory.mktemp("room") / "home")))
    train(home, tiny_room_config, SilentReporter())
    for number in range(40):
        write_report(home, report(date(2026, 4, 1) + timedelta(days=number), "alert" if number == 39 else "ok"))
    readout = {"experiment": "trial", "since": "2026-04-01T00:00", "until": "2026-05-01T00:00", "blocked": None}
    readout |= {"users": {"old": 100, "new": 110}, "effects": [EFFECT], "guardrails": []}
    (home.reports / "experiment-trial").mkdir(parents=True)
    (home.reports / "experiment-trial" / "readout.json").write_text(json.dumps(readout))
    (home.reports / "experiment-broken").mkdir()
    (home.reports / "experiment-broken" / "readout.json").write_text("{")
    return home


@pytest.fixture(scope="module")
def tiny_room_config() -> Config:
    """A training of a second."""
    als = {"factors": 8, "iterations": 2, "search_seconds": 0}
    ranking = {"max_trees": 3, "n_windows": 2, "min_queries": 10, "horizon_days": 14, "objective": "lambdarank"}
    return Config.model_validate({"candidate_gen": {"als": als}, "ranking": ranking})


@pytest.fixture
def room(service: httpx.Client, home: Home, console_of: Callable[[ConsoleSettings], str]) -> Iterator[httpx.Client]:
    """A browser without scripts in the control room of that home."""
    url = console_of(ConsoleSettings(str(service.base_url).rstrip("/"), KEY, "a", home.root))
    with httpx.Client(base_url=url, timeout=60, follow_redirects=True, trust_env=False) as client:
        client.get("/", params={"key": KEY})
        yield client


def test_days_say_what_is_not_as_it_was(room: httpx.Client) -> None:
    text = room.get("/days").text

    assert text.count('class="chart"') == 3
    assert '<span class="status alert">alert</span> 2026-05-10' in text
    assert "&lt;b&gt;p1&lt;/b&gt;: 50.00%; 60.00% was to be expected." in text
    assert HOSTILE not in text


def test_a_version_is_published_and_taken_back(room: httpx.Client, home: Home) -> None:
    before, newest = Registry(home).current(), Registry(home).resolve("latest")
    page = room.get("/versions").text
    token = re.findall(r'name="token" value="(\w+)"', page)[0]
    assert page.count("<tr") == 3

    published = room.post("/versions", data={"token": token, "action": "publish", "version": newest})

    assert published.status_code == 200
    assert Registry(home).current() == newest != before
    assert newest in re.findall(r"<pre role=\"status\"><code>([^<]*)", published.text)[0]
    room.post("/versions", data={"token": token, "action": "rollback"})
    assert Registry(home).current() == before


def test_quality_is_drawn_over_the_versions_that_were_judged(home: Home) -> None:
    """Oldest first; a version that nothing judged has no figure, and one point is no line."""
    first = versions_of(home)[0].manifest
    numbers = {"rival_value": 0.1, "difference": 0.1, "low": 0.0, "high": 0.2}

    def version(ndcg: float) -> Version:
        comparison = Comparison(measure="ndcg", rival="popular", value=ndcg, **numbers)
        gate = first.gate.model_copy(update={"comparisons": (comparison,)})
        return Version(first.model_copy(update={"gate": gate}), "")

    chart = quality_of([version(0.3), versions_of(home)[0], version(0.2)])
    assert chart is not None
    assert (json.loads(chart.values), chart.newest) == ([0.2, 0.3], 0.3)
    assert quality_of([version(0.3)]) is None


@pytest.mark.parametrize(
    "form",
    [
        {"action": "rollback"},
        {"token": "0" * 64, "action": "rollback"},
        {"token": "", "action": "delete"},
        {"token": "", "action": "publish", "version": "--force"},
        {"token": "", "action": "publish", "version": "../x"},
    ],
)
def test_a_form_that_the_page_did_not_make_changes_nothing(
    room: httpx.Client, home: Home, form: dict[str, str]
) -> None:
    before = Registry(home).current()
    token = re.findall(r'name="token" value="(\w+)"', room.get("/versions").text)[0]
    given = form | ({"token": token} if form.get("token") == "" else {})

    assert room.post("/versions", data=given).status_code == 422
    assert Registry(home).current() == before


def test_imports_and_experiments_are_listed(room: httpx.Client) -> None:
    imports, experiments = room.get("/imports").text, room.get("/experiments").text

    assert "122 items" in imports
    assert "Nothing was set aside" in imports
    assert "Click rate" in experiments
    assert "broken" not in experiments


def test_nobody_enters_without_the_key(room: httpx.Client) -> None:
    for path in ("/days", "/versions", "/imports", "/experiments"):
        assert httpx.get(f"{room.base_url}{path}", trust_env=False, timeout=30).status_code == 401
    assert (
        httpx.post(f"{room.base_url}/versions", data={"action": "rollback"}, trust_env=False, timeout=30).status_code
        == 401
    )


def test_an_empty_home_says_how_to_begin(console: httpx.Client) -> None:
    assert "shortlist monitor" in console.get("/days").text
    assert "experiment read" in console.get("/experiments").text


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(("scheme", "size"), [("light", "desktop"), ("dark", "phone")])
def test_charts_are_drawn_and_nothing_is_wider_than_the_page(
    room: httpx.Client, browser: Browser, scheme: str, size: str
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": WIDTHS[size], "height": 900})
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in ("days", "versions", "imports", "experiments"):
        page.goto(f"{room.base_url}/{path}?key={KEY}")
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[size]
    page.goto(f"{room.base_url}/days")
    expect(page.locator(".chart canvas")).to_have_count(3)
    context.close()
    assert complaints == []
