"""A day beside what a training saw: nothing is said of a quiet one, and each fault is found in one run."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from shop import checkerboard_catalog, checkerboard_events, import_shop

from data.interactions import EVENT_TYPES
from data.log.exposures import Exposure, write_exposures
from data.store import read_events
from monitoring.reports import read_reports
from pipelines import monitored_lists
from pipelines.cli import group
from pipelines.monitoring import monitor
from pipelines.retrain_command import monitor_first
from pipelines.settings import Config
from pipelines.training import train
from ranking.bundling import load_recommender
from shortlist.bundle import write_manifest
from shortlist.home import Home
from shortlist.manifest import read_manifest
from shortlist.progress import SilentReporter
from shortlist.registry import Registry

DAY = pd.Timestamp("2026-05-14", tz="UTC")
NEXT = DAY + pd.Timedelta(days=1)
Events = Callable[[pd.DataFrame], pd.DataFrame]


def of_day(events: pd.DataFrame) -> pd.DataFrame:
    return events[(events["timestamp"] >= DAY) & (events["timestamp"] < NEXT)]


@pytest.fixture(scope="session")
def trained_before(tmp_path_factory: pytest.TempPathFactory, small_config: Config) -> Home:
    """The small shop, trained two days before the day that is looked at."""
    home = Home(tmp_path_factory.mktemp("before") / "home")
    events = checkerboard_events()
    import_shop(home, events[events["timestamp"] < DAY], checkerboard_catalog())
    until = (DAY - pd.Timedelta(days=2)).to_pydatetime()
    Registry(home).publish(train(home, small_config, SilentReporter(), until=until).version)
    return home


@pytest.fixture
def home(trained_before: Home, tmp_path: Path) -> Home:
    return Home(Path(shutil.copytree(trained_before.root, tmp_path / "home")))


def found(home: Home) -> dict[str, str]:
    """The rules that are not fine, with their status."""
    report = monitor(home, Config(), SilentReporter(), DAY.date())
    return {one.rule: one.status for one in reversed(report.not_fine())}


def test_a_quiet_day_raises_no_alert_and_is_kept(home: Home) -> None:
    import_shop(home, of_day(checkerboard_events()), checkerboard_catalog())

    assert "alert" not in found(home).values()
    (report,) = read_reports(home, 10)
    assert (report.day, report.n_served) == (DAY.date(), 0)
    compared = {one.rule: one for one in report.findings}
    assert compared["hit_rate"].value is not None
    assert {"features", "scores", "coverage", "novelty", "volume_of_week", "catalogue_size"} <= set(compared)
    assert report.figures["events"] == len(of_day(checkerboard_events()))


def in_cents(events: pd.DataFrame) -> pd.DataFrame:
    return events.assign(price=events["price"] * 100)


def without_prices(events: pd.DataFrame) -> pd.DataFrame:
    return events.assign(price=None)


def of_one_item(events: pd.DataFrame) -> pd.DataFrame:
    return events.assign(item_id=events["item_id"].where(events.index % 3 == 0, "item-007"))


def with_a_bot(events: pd.DataFrame) -> pd.DataFrame:
    seconds = pd.to_timedelta(range(10_000), unit="s")
    view = {"user_id": "user-003", "event_type": "view", "timestamp": DAY + seconds}
    views = pd.DataFrame(view | {"item_id": [f"item-{n % 120:03}" for n in range(10_000)]})
    return pd.concat([events, views], ignore_index=True)


def of_unknown_items(events: pd.DataFrame) -> pd.DataFrame:
    return events.assign(item_id=events["item_id"].where(events.index % 2 == 0, "sku-" + events["item_id"]))


def until_noon(events: pd.DataFrame) -> pd.DataFrame:
    return events[events["timestamp"] < DAY + pd.Timedelta(hours=12)]


def test_the_variety_of_a_large_shop_is_by_a_sample(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quiet day is quiet by half of the shop's users, too."""
    n_events = len(load_recommender(Registry(home).open("current")).table)
    monkeypatch.setattr(monitored_lists, "MAX_EVENTS", n_events // 2)
    import_shop(home, of_day(checkerboard_events()), checkerboard_catalog())
    assert "alert" not in found(home).values()
    (report,) = read_reports(home, 1)
    assert {one.rule: one.status for one in report.findings}["novelty"] == "ok"


@pytest.mark.parametrize(
    ("fault", "rules"),
    [
        (in_cents, {"price_level", "prices"}),
        (without_prices, {"missing_values"}),
        (of_one_item, {"top_item"}),
        (with_a_bot, {"top_user", "volume", "event_mix", "flagged"}),
        (of_unknown_items, {"unknown_items"}),
        (until_noon, {"hours"}),
    ],
)
def test_a_fault_is_an_alert_within_one_run(home: Home, fault: Events, rules: set[str]) -> None:
    import_shop(home, fault(of_day(checkerboard_events())), checkerboard_catalog())

    not_fine = found(home)

    assert {rule for rule, status in not_fine.items() if status == "alert"} >= rules


def test_a_renamed_category_is_named(home: Home) -> None:
    catalog = checkerboard_catalog()
    catalog["category"] = catalog["category"].replace("Food > Bakery", "Food > Bread")
    import_shop(home, of_day(checkerboard_events()), catalog)

    report = monitor(home, Config(), SilentReporter(), DAY.date())

    (alert,) = [one for one in report.not_fine() if one.rule == "new_categories"]
    assert alert.status == "alert"
    assert "the largest: Food > Bread, before Food > Bakery" in alert.sentence


def test_a_day_that_every_bundle_knows_is_compared_in_part(small_home: Home, tmp_path: Path) -> None:
    home = Home(Path(shutil.copytree(small_home.root, tmp_path / "home")))

    report = monitor(home, Config(), SilentReporter())

    assert report.day == read_events(home)["timestamp"].max().date()
    assert not {"features", "hit_rate"} & {one.rule for one in report.findings}
    assert report.notes[0].startswith("Every bundle was trained on the day")


def run(home: Home, *options: str, config: str = "") -> Result:
    path = home.root / "shop.toml"
    path.write_text(config)
    arguments = ["monitor", "--day", str(DAY.date()), "--home", str(home.root), "--config", str(path), *options]
    return CliRunner().invoke(group, arguments)


@pytest.fixture
def received() -> Iterator[tuple[str, list[dict]]]:
    """The address of a server that takes messages, and what it took."""
    taken: list[dict] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Taker) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", taken
        server.shutdown()
        thread.join()


def test_the_command_says_what_is_wrong_tells_it_and_fails_where_it_is_to(home: Home, received) -> None:
    url, taken = received
    import_shop(home, in_cents(of_day(checkerboard_events())), checkerboard_catalog())

    done = run(home, "--webhook", url, "--fail-on", "alert")

    assert done.exit_code == 1
    assert "ALERT price of an item beside what it cost before: 100.00; 1.00 was to be expected." in done.stdout
    (told,) = taken
    assert told["status"] == "alert"
    assert "price of an item" in told["text"]
    assert {one["status"] for one in told["findings"]} <= {"warn", "alert"}
    unreachable = run(home, "--webhook", "http://127.0.0.1:9/secret", "--json")
    assert unreachable.exit_code == 0
    assert "The webhook cannot be reached" in unreachable.stderr
    assert "secret" not in unreachable.stderr
    assert json.loads(unreachable.stdout)["status"] == "alert"


def test_an_alert_can_start_a_retraining(home: Home, tiny_config: Config) -> None:
    import_shop(home, in_cents(of_day(checkerboard_events())), checkerboard_catalog())
    before = Registry(home).current()
    als, ranking = tiny_config.candidate_gen.als, tiny_config.ranking
    config = (
        f"[candidate_gen.als]\nfactors = {als.factors}\niterations = {als.iterations}\nsearch_seconds = 0\n"
        f"[ranking]\nmax_trees = {ranking.max_trees}\nn_windows = 2\nmin_queries = 10\nhorizon_days = 14\n"
        "[monitoring.price_level]\nwarn = 1.2\nalert = 2.0\nretrain = true\n"
    )

    done = run(home, config=config)

    assert "Retraining, as the rules price_level say." in done.stderr
    assert len(Registry(home).versions()) == 2
    assert (done.exit_code, Registry(home).current() != before) in {(0, True), (4, False)}


def test_without_a_day_s_events_nothing_is_said(home: Home) -> None:
    empty = run(home)

    assert empty.exit_code == 3
    assert "no event on 2026-05-14" in empty.stderr
    assert datetime.now(UTC).date() > DAY.date()


@pytest.mark.parametrize(("hours", "day"), [(3, DAY - pd.Timedelta(days=1)), (24, DAY)])
def test_a_log_that_breaks_off_in_a_day_is_compared_on_the_day_before(
    home: Home, hours: int, day: pd.Timestamp
) -> None:
    """Unless a day is named; a day that ends as others do is the newest."""
    events = of_day(checkerboard_events())
    kept = events[events["timestamp"] < DAY + pd.Timedelta(hours=hours)]
    first = events.iloc[[0]].assign(timestamp=DAY + pd.Timedelta(hours=1))
    import_shop(home, pd.concat([kept, first], ignore_index=True), checkerboard_catalog())

    assert monitor(home, Config(), SilentReporter()).day == day.date()
    assert monitor(home, Config(), SilentReporter(), DAY.date()).day == DAY.date()


def test_a_schedule_looks_at_the_newest_day_before_it_trains(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    import_shop(home, in_cents(of_day(checkerboard_events())), checkerboard_catalog())

    monitor_first(home, Config(), None)
    monitor_first(Home(home.root / "none"), Config(), None)

    assert capsys.readouterr().err.count("Monitored 2026-05-14: alert.") == 1
    assert len(read_reports(home, 10)) == 1


def test_a_robot_is_named_and_no_model_hears_of_it(home: Home, tiny_config: Config) -> None:
    import_shop(home, with_a_bot(of_day(checkerboard_events())), checkerboard_catalog())

    named = CliRunner().invoke(group, ["flagged", "--home", str(home.root), "--json"])
    (account,) = json.loads(named.stdout)["accounts"]
    assert (account["user_id"], account["rule"], account["events"]) == ("user-003", "looks_per_hour", 10_000)
    assert "10,000" in CliRunner().invoke(group, ["flagged", "--home", str(home.root)]).stdout

    steps: list[str] = []

    class Reporter(SilentReporter):
        def step(self, message: str) -> None:
            steps.append(message)

    train(home, tiny_config, Reporter())
    recommender = load_recommender(Registry(home).open("latest"))
    assert any("10,000 views and clicks of 1 accounts" in step for step in steps)
    assert recommender.history("user-003").event_type.tolist().count(EVENT_TYPES.index("view")) == 0


def test_a_bundle_without_a_profile_serves_and_cannot_be_monitored(home: Home) -> None:
    folder = Registry(home).folder(str(Registry(home).current()))
    manifest = read_manifest(folder)
    names = [name for name in manifest.files if name.startswith("profile")]
    for name in names:
        (folder / name).unlink()
    files = {name: entry for name, entry in manifest.files.items() if name not in names}
    write_manifest(folder, manifest.model_copy(update={"files": files}))

    import_shop(home, of_day(checkerboard_events()), checkerboard_catalog())
    done = run(home)

    assert load_recommender(Registry(home).open("current")).version == manifest.version
    assert done.exit_code == 5
    assert "holds no profile. Train again with this release." in done.stderr


def test_lists_without_events_are_a_silence(home: Home) -> None:
    """The service goes on, and nothing of it arrives any more: the newest day with events is fine, and that is all."""
    import_shop(home, of_day(checkerboard_events()), checkerboard_catalog())
    for number in (1, 2, 3):
        shown = (NEXT + pd.Timedelta(days=number)).to_pydatetime()
        write_exposures(
            home,
            [Exposure(f"r{number}", shown, "u", "v", "control", [], "home", "popular", None, 1, ["item-001"], [1.0])],
        )

    report = monitor(home, Config(), SilentReporter())

    assert report.day == DAY.date()
    (silence,) = [one for one in report.findings if one.rule == "silence"]
    assert (silence.status, silence.value) == ("alert", 3)
