"""How much of what is recommended is of the tastes that were planted."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from data.synthetic.shop import make_items
from data.synthetic.writing import TASTES_OF_ITEMS, planted_tastes, read_plan
from shortlist.columns import ITEM_ID, USER_ID
from shortlist.errors import DataError


@dataclass(frozen=True, slots=True)
class TasteShare:
    """Of the items in shoppers' lists, the share that is of a taste of the shopper.

    Attributes
    ----------
    n_users, n_rows : int
    own : float
    by_chance : float
        What lists of items as they sell would have.
    strongest : float
        The share that is of the shopper's strongest taste.
    """

    n_users: int
    n_rows: int
    own: float
    by_chance: float
    strongest: float


def taste_share(lists: pd.DataFrame, folder: Path) -> TasteShare:
    """Compare lists (user_id, item_id) with the truth of a shop's folder.

    Raises
    ------
    DataError
        When none of the lists is of a shopper and an item of that shop.
    """
    if not {USER_ID, ITEM_ID} <= set(lists.columns):
        raise DataError("the lists need the columns user_id and item_id, as `shortlist recommend` writes them.")
    weight = make_items(read_plan(folder)).taste_weight
    taste_of = pq.ParquetFile(folder / TASTES_OF_ITEMS).read().to_pandas().set_index(ITEM_ID)["taste"]
    rows = lists[[USER_ID, ITEM_ID]].assign(taste=lists[ITEM_ID].map(taste_of))
    wanted = pd.Index(rows[USER_ID].unique())
    known = pd.concat([block[block[USER_ID].isin(wanted)] for block in planted_tastes(folder)], ignore_index=True)
    rows = rows.dropna().merge(known, on=USER_ID)
    if not len(rows):
        raise DataError(f"{folder}: the lists hold no shopper and item of this shop. Name its own folder with --out.")
    tastes, got = np.array(rows["tastes"].tolist()), rows["taste"].to_numpy(dtype=np.int64)
    chance = [weight[np.unique(own)].sum() for own in known["tastes"]]
    return TasteShare(
        n_users=rows[USER_ID].nunique(),
        n_rows=len(rows),
        own=float((tastes == got[:, None]).any(axis=1).mean()),
        by_chance=float(np.mean(chance)),
        strongest=float((tastes[:, 0] == got).mean()),
    )
