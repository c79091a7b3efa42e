"""A sorted log holds the events that `read_events` reads, user by user, whatever the batches and the memory."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shop import import_shop
from spark import needs_spark

from data.integrity import Habits, IntegrityConfig, habits_of, habits_of_log
from data.log.fingerprint import EventsDigest, events_fingerprint
from data.log.scan import sorted_log
from data.merging import merge_users
from data.store import read_events
from pipelines.upkeep import tidy
from shortlist.cluster import SparkConfig, cluster
from shortlist.columns import EVENT_DTYPES
from shortlist.errors import DataError, StoreUnavailable
from shortlist.home import Home

pytestmark = pytest.mark.slow

UNTIL = datetime(2026, 1, 20, 12, 30, tzinfo=UTC)
NO_ITEMS = pd.DataFrame({"item_id": ["tea"], "category": ["Food"]})


def events(seed: int) -> pd.DataFrame:
    """Purchases, views and cancels of 300 users over a month, many at one moment, with gaps in every column."""
    draw = np.random.default_rng(seed)
    n = 4_000
    rows = pd.DataFrame(
        {
            "user_id": [f"käufer {one}" for one in draw.integers(300, size=n)],
            "item_id": [f"item-{one}" for one in draw.integers(40, size=n)],
            "timestamp": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(draw.integers(0, 5_000, n) * 530, "s"),
            "event_type": draw.choice(["view", "purchase", "cancel"], size=n, p=[0.4, 0.5, 0.1]),
            "price": np.where(draw.random(n) < 0.3, np.nan, draw.integers(1, 9, size=n) / 4),
            "quantity": np.where(draw.random(n) < 0.3, np.nan, draw.integers(1, 4, size=n)),
            "session_id": draw.choice(["s1", "s2", None], size=n),
        }
    )
    return rows.drop_duplicates(["user_id", "item_id", "timestamp", "event_type"], ignore_index=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A shop of two imports, in which some users are one."""
    home = Home(tmp_path_factory.mktemp("scan") / "home")
    for seed in (1, 2):
        import_shop(home, events(seed), NO_ITEMS)
    merge_users(home, "käufer 7", "käufer 300")
    merge_users(home, "käufer 7", "käufer 12")
    merge_users(home, "a new id", "käufer 44")
    return home


@pytest.fixture(params=["", pytest.param("local[2]", marks=needs_spark)], ids=["duckdb", "spark"])
def _engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """What sorts: DuckDB, or Spark on this machine."""
    with cluster(SparkConfig(master=request.param)):
        yield


def by_user(home: Home, until: datetime | None) -> pd.DataFrame:
    return read_events(home, until=until).sort_values("user_id", kind="stable", ignore_index=True)


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize("until", [None, UNTIL])
@pytest.mark.parametrize("rows_at_once", [100, 1_000_000])
def test_the_events_are_those_that_are_read(home: Home, until: datetime | None, rows_at_once: int) -> None:
    with sorted_log(home, until) as log:
        batches = list(log.batches(rows_at_once))
    assert len(batches) > 10 or rows_at_once > 100
    pd.testing.assert_frame_equal(pd.concat(batches, ignore_index=True), by_user(home, until))
    assert {name: str(dtype) for name, dtype in batches[0].dtypes.items()} == EVENT_DTYPES
    owners = pd.concat([pd.Series(batch["user_id"].unique()) for batch in batches])
    assert owners.is_unique


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize("rows_at_once", [100, 1_000_000])
def test_a_past_is_as_it_was_known(home: Home, rows_at_once: int) -> None:
    """Later cancels leave what lies before the moment; what comes after it is netted as ever."""
    with sorted_log(home) as log:
        found = pd.concat(log.as_known(int(UNTIL.timestamp())).batches(rows_at_once), ignore_index=True)
    is_past = found["timestamp"] < UNTIL
    now = by_user(home, None)
    then, later = by_user(home, UNTIL), now[now["timestamp"] >= UNTIL]
    pd.testing.assert_frame_equal(found[is_past].reset_index(drop=True), then)
    pd.testing.assert_frame_equal(found[~is_past].reset_index(drop=True), later.reset_index(drop=True))
    assert len(then) > (now["timestamp"] < UNTIL).sum()


@pytest.mark.usefixtures("_engine")
def test_the_fingerprint_of_batches_is_that_of_the_table(home: Home) -> None:
    for rows_at_once in (100, 1_000_000):
        digest = EventsDigest()
        with sorted_log(home) as log:
            for batch in log.batches(rows_at_once):
                digest.update(batch)
        assert digest.hexdigest() == events_fingerprint(read_events(home))


def test_the_survey_says_what_there_is(home: Home) -> None:
    with sorted_log(home, UNTIL) as log:
        found, newest = log.survey(), log.newest(5)
    stored = pd.concat([events(1), events(2)])
    counted = stored[(stored["event_type"] != "cancel") & (stored["timestamp"] < UNTIL)]
    counted = counted.drop_duplicates(
        ["user_id", "item_id", "timestamp", "event_type", "price", "quantity", "session_id"]
    )
    seconds = np.sort(counted["timestamp"].dt.as_unit("s").astype("int64"))
    assert found.types == ("purchase", "view")
    assert (found.first.timestamp(), found.last.timestamp()) == (seconds[0], seconds[-1])
    assert found.n_events == len(counted)
    assert newest.tolist() == seconds[-5:].tolist()


def test_sorting_leaves_nothing_behind(home: Home) -> None:
    before = set(home.root.iterdir())
    with sorted_log(home, memory_mb=100) as log:
        next(log.batches(100))
    assert set(home.root.iterdir()) == before


def test_no_other_command_takes_what_is_being_sorted_for_a_leftover(home: Home) -> None:
    before = set(home.root.iterdir())
    with sorted_log(home, memory_mb=100) as log:
        (spilt,) = set(home.root.iterdir()) - before
        tidy(home)
        assert spilt.is_dir()
        assert sum(len(batch) for batch in log.batches(100)) > 1_000


def test_no_events_are_no_batch(tmp_path: Path) -> None:
    with sorted_log(Home(tmp_path / "home")) as log:
        assert list(log.batches()) == []
        assert log.survey().n_events == 0


def test_a_damaged_file_is_refused(home: Home, tmp_path: Path) -> None:
    copy = Home(tmp_path / "home")
    import_shop(copy, events(1), NO_ITEMS)
    path = next(copy.events.rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match="not what was imported"), sorted_log(copy):
        pass


def test_too_little_memory_is_said(home: Home) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be sorted"), sorted_log(home, memory_mb=1) as log:
        list(log.batches())


def test_the_habits_of_a_stored_log_are_those_of_its_events(home: Home, tmp_path: Path) -> None:
    """Whether it has a clock, and which sessions many users share: asked of the log, or of the table."""
    config = IntegrityConfig(max_users_per_session=2)
    with sorted_log(home) as log:
        assert habits_of_log(log, config) == habits_of(read_events(home), config)
    shared = events(3).assign(event_type="view", session_id=[f"s{row % 3_000}" for row in range(len(events(3)))])
    shared.loc[shared.index[:10], "session_id"] = "crowd"
    dates = events(4).assign(timestamp=events(4)["timestamp"].dt.floor("D"), event_type="view")
    for name, rows in {"shared": shared, "own": shared.assign(session_id=shared["user_id"]), "dates": dates}.items():
        other = Home(tmp_path / name)
        import_shop(other, rows, NO_ITEMS)
        with sorted_log(other) as log:
            assert habits_of_log(log, config) == habits_of(read_events(other), config), name
    assert habits_of(dates, config) == Habits(has_clock=False, crowded=frozenset())


def test_a_log_before_a_moment_ends_there(home: Home) -> None:
    with sorted_log(home) as log:
        early, later = log.before(1_768_000_000), log.first_since(1_768_000_000)
        assert early.survey().last.timestamp() < 1_768_000_000 <= later["timestamp"].iloc[0].timestamp()
        assert pd.concat(early.batches())["timestamp"].max().timestamp() < 1_768_000_000
        assert log.first_since(2_000_000_000).empty
