"""How many people, or how many purchases, an item had lately."""

import numpy as np
from scipy.sparse import csr_matrix

from candidate_gen.profile import decay
from candidate_gen.source import Float32
from data.arrays.past import Past


def decayed_customers(past: Past, half_life_days: float) -> Float32:
    """Customers of each item: ``sum_u min(1, sum_e 0.5 ** (age_e / half_life))``, ``e`` the purchases of ``u``.

    However often an account buys an item, it counts as one customer. float32, shape (n_items,).
    """
    target = past.interactions.is_target
    weight = decay(past.days()[target], half_life_days)
    pairs = (past.interactions.users_of(np.flatnonzero(target)), past.interactions.item_idx[target])
    per_user = csr_matrix((weight, pairs), shape=(past.n_users, past.n_items), dtype=np.float64)  # sums equal pairs
    return np.asarray(per_user.minimum(1.0).sum(axis=0), dtype=np.float32).reshape(-1)


def decayed_targets(past: Past, half_life_days: float) -> Float32:
    """Target interactions of each item, each halved every half-life; float32, shape (n_items,)."""
    target = past.interactions.is_target
    weight = decay(past.days()[target], half_life_days)
    return np.bincount(past.interactions.item_idx[target], weight, minlength=past.n_items).astype(np.float32)
