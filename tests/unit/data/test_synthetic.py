"""The synthetic shop: the same plan gives the same files, and what was planted is in them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data.synthetic import writing
from data.synthetic.shop import CYCLES_DAYS, ShopPlan, SyntheticItems, make_items
from data.synthetic.shoppers import TYPES, Shoppers, make_shoppers
from data.synthetic.truth import taste_share
from data.synthetic.writing import planted_tastes, write_shop
from shortlist.columns import EventType
from shortlist.errors import DataError
from shortlist.progress import SilentReporter

PLAN = ShopPlan(n_users=3_000, n_items=600)
DAY = 86_400


@pytest.fixture(scope="module")
def items() -> SyntheticItems:
    return make_items(PLAN)


@pytest.fixture(scope="module")
def shoppers(items: SyntheticItems) -> Shoppers:
    return make_shoppers(PLAN, items, range(PLAN.n_users))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "BLOCK_USERS", 40)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("small_blocks")
def test_a_stopped_run_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    plan = ShopPlan(n_users=100, n_items=60)
    write_shop(plan, tmp_path / "whole", SilentReporter())
    write_shop(plan, tmp_path / "stopped", SilentReporter())
    (tmp_path / "stopped/events/part-00001.parquet").unlink()
    (tmp_path / "stopped/users/part-00001.parquet").unlink()
    kept = tmp_path / "stopped/events/part-00000.parquet"
    before = kept.stat().st_mtime_ns
    write_shop(plan, tmp_path / "stopped", SilentReporter())
    assert kept.stat().st_mtime_ns == before
    assert files_of(tmp_path / "stopped") == files_of(tmp_path / "whole")
    assert len(files_of(tmp_path / "whole")) == 3 * 3 + 3


def test_another_plan_is_refused(tmp_path: Path) -> None:
    write_shop(ShopPlan(n_users=10, n_items=30), tmp_path, SilentReporter())
    before = files_of(tmp_path)
    with pytest.raises(DataError, match=r"another plan.*--out"):
        write_shop(ShopPlan(n_users=10, n_items=30, seed=1), tmp_path, SilentReporter())
    assert files_of(tmp_path) == before


def test_a_few_items_fall_on_most_events(shoppers: Shoppers, items: SyntheticItems) -> None:
    counts = np.sort(np.bincount(shoppers.item, minlength=len(items)))[::-1]
    assert counts[: len(items) // 10].sum() > 0.4 * len(shoppers.item)
    assert counts[0] < 0.2 * len(shoppers.item)
    assert len(shoppers.item) / PLAN.n_users == pytest.approx(PLAN.events_per_user, rel=0.1)


def test_events_are_of_the_shoppers_tastes(shoppers: Shoppers, items: SyntheticItems) -> None:
    is_own = (shoppers.tastes[shoppers.user] == items.taste[shoppers.item][:, None]).any(axis=1)
    assert 0.78 < is_own.mean() < 0.9


def test_staples_come_back_in_their_cycles(shoppers: Shoppers, items: SyntheticItems) -> None:
    rows = pd.DataFrame({"user": shoppers.user, "item": shoppers.item, "second": shoppers.second})
    rows = rows[np.array(TYPES)[shoppers.event_type] == EventType.PURCHASE]
    rows["cycle"] = items.cycle_days[items.taste[rows["item"]]]
    gap = rows.groupby(["user", "item"])["second"].diff() / DAY
    rows, gap = rows[gap > 1], gap[gap > 1]
    for cycle in CYCLES_DAYS:
        turns = gap[rows["cycle"] == cycle] / cycle
        assert len(turns) == 0 or (np.abs(turns - turns.round()) < 0.1).mean() > 0.4  # 0.2 by chance
    assert (rows["cycle"] > 0).mean() > 0.5


def test_what_is_launched_is_not_sold_before_and_what_is_cold_never(shoppers: Shoppers, items: SyntheticItems) -> None:
    day = (shoppers.second - PLAN.start) // DAY
    assert (day >= items.launch_day[shoppers.item]).all()
    cold = items.launch_day == PLAN.n_days - 1
    assert cold.any()
    assert not np.isin(shoppers.item, np.flatnonzero(cold)).any()
    assert day.min() >= 0
    assert day.max() < PLAN.n_days


def test_seasons_and_trends_move_what_sells(items: SyntheticItems) -> None:
    weight = np.diff(items.weekly[:, items.taste_ends], axis=1)
    share = weight / weight.sum(axis=1, keepdims=True)
    assert (share.max(axis=0) / share.min(axis=0) > 1.3).mean() > 0.5


def test_shoppers_are_the_same_whoever_is_drawn_before_them(items: SyntheticItems) -> None:
    one = make_shoppers(PLAN, items, range(1_000, 1_100))
    other = make_shoppers(PLAN, items, range(1_000, 1_100))
    assert (one.item == other.item).all()
    assert (one.number == np.arange(1_000, 1_100)).all()


@pytest.mark.usefixtures("small_blocks")
def test_the_truth_tells_own_tastes_from_chance(tmp_path: Path) -> None:
    write_shop(ShopPlan(n_users=200, n_items=400), tmp_path, SilentReporter())
    tastes = pd.concat(planted_tastes(tmp_path))
    catalogue = pq.ParquetFile(tmp_path / "truth/items.parquet").read().to_pandas()
    first_of = catalogue.groupby("taste")["item_id"].first()
    own = pd.DataFrame({"user_id": tastes["user_id"], "item_id": first_of[tastes["tastes"].str[1]].to_numpy()})
    assert taste_share(own, tmp_path).own == 1.0
    assert taste_share(own, tmp_path).n_users == 200
    events = pq.read_table(tmp_path / "events").to_pandas()
    shuffled = events.assign(user_id=np.random.default_rng(0).permutation(events["user_id"]))
    share = taste_share(shuffled, tmp_path)
    assert share.own == pytest.approx(share.by_chance, abs=0.06)


def test_lists_of_another_shop_are_refused(tmp_path: Path) -> None:
    write_shop(ShopPlan(n_users=10, n_items=30), tmp_path, SilentReporter())
    with pytest.raises(DataError, match="no shopper and item of this shop"):
        taste_share(pd.DataFrame({"user_id": ["a"], "item_id": ["b"]}), tmp_path)
    with pytest.raises(DataError, match="need the columns user_id and item_id"):
        taste_share(pd.DataFrame({"user": ["a"]}), tmp_path)
    with pytest.raises(DataError, match=r"holds no synthetic shop.*shortlist synth"):
        taste_share(pd.DataFrame({"user_id": ["a"], "item_id": ["b"]}), tmp_path / "none")
