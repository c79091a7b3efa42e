"""Histories and attributes as files of a bundle."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from data.arrays.history_table import BEGINS_BASKET, EVENTS_AT_ONCE, TABLE_ARRAYS, HistoryTable
from data.attributes import ItemAttributes
from data.interactions import EVENT_COLUMNS, EVENT_TYPES, Interactions, hourly_baskets
from shortlist.bundle import Bundle, BundleWriter
from shortlist.checks import check_ids, check_offsets, check_range, check_shape, is_checked
from shortlist.columns import EventType
from shortlist.errors import BundleError
from shortlist.ids import MISSING, IdMap
from shortlist.texts import Texts

_ATTRIBUTE_ARRAYS = ("parent", "category", "brand", "price", "available", "discontinued", "created")


def save_histories(writer: BundleWriter, table: HistoryTable) -> None:
    """Write the histories of all users."""
    writer.add_ids("users", table.users)
    writer.add_ids("items", table.items)
    table = table.with_places_of_prices()
    arrays = {name: getattr(table, name) for name in TABLE_ARRAYS}
    if table.prices is not None:
        arrays |= {"price_place": arrays.pop("price"), "prices": table.prices}
    for name, array in arrays.items():
        writer.add_array(f"history_{name}", array)


def load_histories(bundle: Bundle) -> HistoryTable:
    """Map the histories of all users. Raises ``BundleError`` when the arrays do not fit one another."""
    users, items = bundle.ids("users"), bundle.ids("items")
    check_ids("users", users)
    check_ids("items", items)
    if not bundle.has("history_kind.npy"):
        return HistoryTable.of(_load_columns(bundle, users, items))
    arrays = {name: bundle.array(f"history_{name}") for name in TABLE_ARRAYS if name != "price"}
    arrays |= _load_prices(bundle)
    _check_rows(arrays, users, items, ("item_idx", "second", "price", "kind"))
    check_shape("history_start", arrays["start"], 1)
    check_shape("history_kinds", arrays["kinds"], None, 3)
    _check_kinds(arrays["kind"], max(len(arrays["kinds"]), 1))
    check_range("history_kinds", arrays["kinds"][:, 0].astype(np.int64), 0, len(EVENT_TYPES))
    check_range("history_second", arrays["second"], 0, np.iinfo(np.int64).max)
    return HistoryTable(users=users, items=items, **arrays)


def _load_prices(bundle: Bundle) -> dict[str, npt.NDArray[Any]]:
    """Prices of events, or their places among the different ones."""
    if not bundle.has("history_price_place.npy"):
        return {"price": bundle.array("history_price")}
    place, prices = bundle.array("history_price_place"), bundle.array("history_prices")
    check_shape("history_prices", prices, None)
    check_range("history_price_place", place, 0, len(prices))
    return {"price": place, "prices": prices}


def _check_kinds(kind: npt.NDArray[np.uint8], n_kinds: int) -> None:
    """Demand places in the table of kinds, a block at a time."""
    for first in range(0, 0 if is_checked() else len(kind), EVENTS_AT_ONCE):
        check_range("history_kind", kind[first : first + EVENTS_AT_ONCE] & (BEGINS_BASKET - 1), 0, n_kinds)


def _check_rows(arrays: dict[str, npt.NDArray[Any]], users: IdMap, items: IdMap, columns: Iterable[str]) -> None:
    """Demand columns of one length, rows of all users over them, and items that there are."""
    n = len(arrays["item_idx"])
    check_offsets("history_user_offsets", arrays["user_offsets"], len(users), n)
    for name in columns:
        check_shape(f"history_{name}", arrays[name], n)
    check_range("history_item_idx", arrays["item_idx"], 0, len(items))


def _load_columns(bundle: Bundle, users: IdMap, items: IdMap) -> Interactions:
    """The columns that bundles of before hold."""
    names = ("user_offsets", *EVENT_COLUMNS)
    arrays = {name: bundle.array(f"history_{name}") for name in names if bundle.has(f"history_{name}.npy")}
    check_shape("history_item_idx", arrays["item_idx"], None)
    _check_rows(arrays, users, items, (name for name in EVENT_COLUMNS if name in arrays))
    return Interactions(users=users, items=items, **_derived(arrays), **arrays)


def _derived(arrays: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """The columns that bundles of release 0.1 do not hold: baskets are hours, and other types than the target views."""
    missing: dict[str, npt.NDArray[Any]] = {}
    if "basket" not in arrays:
        missing["basket"] = hourly_baskets(arrays["user_offsets"], arrays["timestamp"])
    if "event_type" not in arrays:
        purchase, view = EVENT_TYPES.index(EventType.PURCHASE), EVENT_TYPES.index(EventType.VIEW)
        missing["event_type"] = np.where(arrays["is_target"], purchase, view).astype(np.int8)
    return missing


def save_attributes(writer: BundleWriter, attributes: ItemAttributes) -> None:
    """Write the catalogue's arrays."""
    writer.add_ids("categories", attributes.categories)
    writer.add_texts("item_titles", attributes.titles)
    writer.add_texts("brands", attributes.brands)
    for name in _ATTRIBUTE_ARRAYS:
        writer.add_array(f"item_{name}", getattr(attributes, name))


def load_attributes(bundle: Bundle, n_items: int) -> ItemAttributes:
    """Map the catalogue's arrays. Raises ``BundleError`` when they do not fit one another."""
    arrays = {name: bundle.array(f"item_{name}") for name in _ATTRIBUTE_ARRAYS if bundle.has(f"item_{name}.npy")}
    arrays.setdefault("discontinued", np.zeros(n_items, dtype=np.bool_))  # bundles of release 0.1 hold neither
    arrays.setdefault("created", np.zeros(n_items, dtype=np.int64))
    categories = bundle.ids("categories")
    check_ids("categories", categories)
    check_shape("item_parent", arrays["parent"], len(categories))
    check_range("item_parent", arrays["parent"], MISSING, len(categories))
    if (arrays["parent"] >= np.arange(len(categories))).any():  # a path comes after its prefix, so no cycle is left
        raise BundleError("item_parent: a category lies above itself. Train again.")
    for name in _ATTRIBUTE_ARRAYS[1:]:
        check_shape(f"item_{name}", arrays[name], n_items)
    check_range("item_category", arrays["category"], MISSING, len(categories))
    check_range("item_brand", arrays["brand"], MISSING, max(n_items, 1))
    no_words = csr_matrix((n_items, 0), dtype=np.float32)
    titles = _load_texts(bundle, "item_titles", n_items)
    brands = _load_texts(bundle, "brands", int(arrays["brand"].max(initial=MISSING)) + 1)
    return ItemAttributes(categories=categories, titles=titles, brands=brands, content=no_words, **arrays)


def _load_texts(bundle: Bundle, name: str, n: int) -> Texts:
    """Map texts; bundles of release 0.1 hold none."""
    if not bundle.has(f"{name}_text.npy"):
        return Texts.missing(n)
    texts = bundle.texts(name)
    check_shape(f"{name}_text", texts.text, None)
    check_offsets(f"{name}_offsets", texts.offsets, n, len(texts.text))
    return texts
