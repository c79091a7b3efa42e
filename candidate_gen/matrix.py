"""The users x items matrix that the collaborative sources are fitted on."""

import numpy as np
from scipy.sparse import csr_matrix

from candidate_gen.profile import decay
from data.interactions import SECONDS_PER_DAY, Interactions


def user_item_matrix(interactions: Interactions, as_of: int, half_life_days: float) -> csr_matrix:
    """``log1p`` of each pair's weights, summed with exponential decay.

    Parameters
    ----------
    interactions : Interactions
        All before `as_of`, in seconds.

    Returns
    -------
    csr_matrix of float32, shape (n_users, n_items)
    """
    days = (as_of - interactions.timestamp).astype(np.float32) / np.float32(SECONDS_PER_DAY)
    weight = interactions.weight * decay(days, half_life_days)
    shape = (len(interactions.users), len(interactions.items))
    matrix = csr_matrix((weight, interactions.item_idx, interactions.user_offsets), shape=shape, copy=True)
    matrix.sum_duplicates()
    matrix.data = np.log1p(matrix.data)
    return matrix
