"""Which ids of one column stand in another."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def is_among(ids: pd.Series, known: pd.Series) -> pd.Series:
    """Whether each id is one of the known: bool, shape (n,), False where it is missing.

    The same as ``Series.isin``, which turns every known id into a Python object (pandas 3.0).
    """
    found = pc.is_in(pa.array(ids, pa.string()), value_set=pa.array(known.dropna(), pa.string()))
    return pd.Series(found.to_numpy(zero_copy_only=False), ids.index)
