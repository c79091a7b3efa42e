"""Lists that are too short, filled up with what is popular."""

import numpy as np
import numpy.typing as npt

from candidate_gen.sources.popular import Popular

Items = npt.NDArray[np.int32]
Allowed = npt.NDArray[np.bool_] | None


def filled(items: Items, popularity: Popular, n: int, allowed: Allowed) -> Items:
    """The first `n` of the items, and popular ones in the places left over."""
    if len(items) >= n:
        return items[:n]
    popular = popularity.top(n, allowed)
    return np.concatenate([items, popular[~np.isin(popular, items)]])[:n]
