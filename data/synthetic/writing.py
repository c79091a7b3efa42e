"""A synthetic shop as files, a block of shoppers at a time: what is there already is not written again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.synthetic.shop import Int64, ShopPlan, SyntheticItems, item_ids, item_table, make_items
from data.synthetic.shoppers import TYPES, Shoppers, make_shoppers
from shortlist.atomic import replace_file, staged_file
from shortlist.columns import EVENT_TYPE, ITEM_ID, PRICE, QUANTITY, TIMESTAMP, USER_ID
from shortlist.errors import DataError
from shortlist.progress import Reporter

BLOCK_USERS: Final = 50_000
PLAN_FILE: Final = "plan.json"
TASTES_OF_USERS: Final = "truth/users"
TASTES_OF_ITEMS: Final = "truth/items.parquet"


def write_shop(plan: ShopPlan, folder: Path, reporter: Reporter) -> None:
    """Write ``items.parquet``, and for each block of shoppers a file in ``events``, ``users`` and ``truth/users``.

    Memory is that of one block; a run that was stopped goes on where it stood.

    Raises
    ------
    DataError
        When the folder holds a shop of another plan.
    """
    _claim(plan, folder)
    items = make_items(plan)
    ids = pa.array(item_ids(items.number))
    _write(item_table(plan, items), folder / "items.parquet")
    _write(pd.DataFrame({ITEM_ID: ids.to_pylist(), "taste": items.taste}), folder / TASTES_OF_ITEMS)
    blocks = _blocks(plan)
    for place, numbers in enumerate(reporter.track(blocks, len(blocks), "blocks of shoppers")):
        name = f"part-{place:05d}.parquet"
        if not (folder / "events" / name).exists():
            _write_block(make_shoppers(plan, items, numbers), items, ids, folder, name)


def _claim(plan: ShopPlan, folder: Path) -> None:
    said, path = plan.model_dump_json().encode(), folder / PLAN_FILE
    if path.exists() and path.read_bytes() != said:
        raise DataError(
            f"{path}: a shop of another plan lies here. Name another folder with --out, or delete this one."
        )
    replace_file(path, said)


def _blocks(plan: ShopPlan) -> list[range]:
    return [range(start, min(start + BLOCK_USERS, plan.n_users)) for start in range(0, plan.n_users, BLOCK_USERS)]


def _write_block(shoppers: Shoppers, items: SyntheticItems, ids: pa.Array, folder: Path, name: str) -> None:
    """Write one block, its events last: they say that it is whole."""
    users = user_ids(shoppers.number)
    tastes = pa.array(list(shoppers.tastes), pa.list_(pa.int64()))
    _write_table(pa.table({USER_ID: users, "tastes": tastes}), folder / TASTES_OF_USERS / name)
    since = pa.array(np.where(shoppers.number % 2 == 0, "app", "web"))
    _write_table(pa.table({USER_ID: users, "channel": since}), folder / "users" / name)
    types = pa.array([str(one) for one in TYPES])
    events = {
        USER_ID: users.take(pa.array(shoppers.user)),
        ITEM_ID: ids.take(pa.array(shoppers.item)),
        TIMESTAMP: pa.array(shoppers.second * 1_000_000, pa.timestamp("us", tz="UTC")),
        EVENT_TYPE: types.take(pa.array(shoppers.event_type)),
        PRICE: pa.array(shoppers.price),
        QUANTITY: pa.array(shoppers.quantity, from_pandas=True),
    }
    _write_table(pa.table(events), folder / "events" / name)


def user_ids(number: Int64) -> Any:
    """The ids of shoppers by their numbers, an Arrow array."""
    digits = pc.utf8_lpad(pc.cast(pa.array(number), pa.string()), width=8, padding="0")
    return pc.binary_join_element_wise(pa.scalar("u"), digits, "")


def _write(rows: pd.DataFrame, path: Path) -> None:
    _write_table(pa.Table.from_pandas(rows, preserve_index=False), path)


def _write_table(table: pa.Table, path: Path) -> None:
    with staged_file(path) as staged:
        pq.write_table(table, staged)


def read_plan(folder: Path) -> ShopPlan:
    """The plan of a shop's folder. Raises ``DataError`` where there is none."""
    path = folder / PLAN_FILE
    if not path.is_file():
        raise DataError(f"{folder}: holds no synthetic shop. Make one: shortlist synth --out {folder}")
    return ShopPlan.model_validate_json(path.read_bytes())


def planted_tastes(folder: Path) -> Iterator[pd.DataFrame]:
    """The tastes of the shoppers, a block at a time: user_id, and tastes as an array, the strongest first."""
    for path in sorted((folder / TASTES_OF_USERS).glob("*.parquet")):
        yield pq.ParquetFile(path).read().to_pandas()
