"""Stage one in plain NumPy: what its kernels must say."""

import numpy as np

from candidate_gen.fusion import EDGES
from candidate_gen.profile import HALF_LIVES_DAYS, RECENT_MOMENTS, decay
from data.interactions import SECONDS_PER_DAY, History


def votes(neighbors, similarity, voters, weight):
    """The sum, the largest and the mean of the votes for every item, float32, shape (3, n_items)."""
    n_items = len(neighbors)
    items = neighbors[voters].ravel()
    vote = (similarity[voters] * weight[:, None]).ravel()[items >= 0]
    items = items[items >= 0]
    total, largest = np.zeros((2, n_items), dtype=np.float32)
    np.add.at(total, items, vote)  # one after the other, in float32
    np.maximum.at(largest, items, vote)
    count = np.bincount(items[vote > 0], minlength=n_items).astype(np.float32)
    return np.stack([total, largest, total / np.maximum(count, np.float32(1.0))])


def best(scores, n, above=0.0):
    """The places of the largest scores over a bound, best first, the smaller place first among equals."""
    fits = np.flatnonzero(scores > above)
    return fits[np.argsort(-scores[fits], kind="stable")][:n]


def merged(found):
    """The distinct items, ascending, and their rank in each source, 0 where it did not find them."""
    item_idx = np.unique(np.concatenate(found))
    rank = np.zeros((len(found), len(item_idx)), dtype=np.float32)
    for row, items in zip(rank, found, strict=True):
        row[np.searchsorted(item_idx, items)] = np.arange(1, len(items) + 1)
    return item_idx, rank


def fused(rank, chance):
    """The chance that not every source is wrong, plus a thousandth of the reciprocal ranks."""
    missed = np.ones(rank.shape[1])
    for of_source, row in zip(chance, rank, strict=True):
        found = row > 0
        missed[found] *= 1.0 - np.interp(np.log(row[found]), np.log(EDGES.astype(np.float64)), of_source)
    return (1.0 - missed).astype(np.float32) + np.float32(1e-3) * reciprocal(rank)


def reciprocal(rank):
    """The sum over the sources that found an item of ``1 / (60 + rank)``."""
    return np.where(rank > 0, np.float32(1.0) / (np.float32(60.0) + rank), np.float32(0.0)).sum(0, dtype=np.float32)


def profile(history: History):
    """Each fact of a history's items, by name, one item after the other."""
    days = (history.as_of - history.timestamp).astype(np.float32) / np.float32(SECONDS_PER_DAY)
    moments = np.unique(history.timestamp)
    facts = [_item(history, days, moments, item) for item in np.unique(history.item_idx)]
    return {name: np.array([fact[name] for fact in facts]) for name in (facts[0] if facts else ())}


def _item(history, days, moments, item):
    mine = history.item_idx == item
    at = np.searchsorted(moments, np.unique(history.timestamp[mine]))
    paid = history.price[mine & (history.price > 0)]
    last_gap = np.flatnonzero(np.diff(at, prepend=-9) != 1)[-1]
    return {
        "item_idx": item,
        "n_events": mine.sum(),
        "first_days": days[mine][0],
        "last_days": days[mine][-1],
        "decayed": [(history.weight[mine] * decay(days[mine], half_life)).sum() for half_life in HALF_LIVES_DAYS],
        "price": paid.mean() if len(paid) else 0,
        "moments_since": len(moments) - 1 - at[-1],
        "streak": len(at) - last_gap,
        "recent_share": [(at >= len(moments) - n).sum() / min(n, len(moments)) for n in RECENT_MOMENTS],
    }
