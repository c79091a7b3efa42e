"""Which events are there already.

Two events are the same when their ``event_id`` is, or, where neither has one, when all their canonical columns are. So
the same rows in another file, another format or an overlapping export are recognised.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from shortlist.columns import EVENT_DTYPES, EVENT_ID


def find_duplicates(events: pd.DataFrame, stored: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Find events that repeat a stored one or an earlier row.

    Parameters
    ----------
    events : DataFrame, shape (n, n_canonical_columns)
    stored : DataFrame, shape (m, n_canonical_columns)
        Stored events that could be the same: those of the same dates, and those with one of the same event ids.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    columns = list(EVENT_DTYPES)
    together = pd.concat([stored[columns], events[columns]], ignore_index=True)
    has_id = together[EVENT_ID].notna().to_numpy(dtype=bool)
    repeated = np.zeros(len(together), dtype=np.bool_)
    repeated[has_id] = together.loc[has_id, EVENT_ID].duplicated().to_numpy()
    filled = [column for column in columns if column != EVENT_ID and together[column].notna().any()]
    repeated[~has_id] = together.loc[~has_id, filled].duplicated().to_numpy()
    return repeated[len(stored) :]
