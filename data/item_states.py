"""States of items that came over HTTP, laid over the catalogue that a bundle holds."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data.attributes import ItemAttributes
from shortlist.columns import AVAILABILITY, PRICE
from shortlist.ids import MISSING, IdMap

IN_STOCK: Final = "in stock"
OUT_OF_STOCK: Final = "out of stock"
GONE: Final = "discontinued"

_FEW: Final = 1_000
"""So many ids are sooner looked up one by one than in a hash table that must be made."""


def with_states(attributes: ItemAttributes, items: IdMap, states: Mapping[str, Mapping[str, Any]]) -> ItemAttributes:
    """The catalogue with prices and availabilities put over it; items that the bundle does not know are passed over.

    Parameters
    ----------
    states : mapping of str to mapping
        By item id: ``price``, and ``availability`` as one of the three texts above; what is not named stays.
    """
    arrays = {name: getattr(attributes, name).copy() for name in ("available", "discontinued", "price")}
    for position, state in zip(_positions(items, list(states)), states.values(), strict=True):
        if position != MISSING:
            _put(arrays, position, state)
    if np.array_equal(arrays["price"], attributes.price):
        arrays["price"] = attributes.price
    return replace(attributes, **arrays)


def _put(arrays: dict[str, npt.NDArray[Any]], position: int, state: Mapping[str, Any]) -> None:
    if AVAILABILITY in state:
        arrays["available"][position] = state[AVAILABILITY] == IN_STOCK
        arrays["discontinued"][position] = state[AVAILABILITY] == GONE
    if PRICE in state:
        arrays["price"][position] = state[PRICE]


def _positions(items: IdMap, ids: list[str]) -> list[int]:
    if len(ids) > _FEW:
        return [int(position) for position in items.positions(ids)]
    return [items.position(item_id) for item_id in ids]
