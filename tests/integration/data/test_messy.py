"""Whatever a file holds, every row that was read is either accepted or set aside."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.checking import Sources
from data.events import Reading
from data.importing import import_tables
from data.settings import DataConfig
from data.sources import RawTable
from data.store import EVENT_SCHEMA, stored_on
from shortlist.errors import DataRefused
from shortlist.home import Home

NOW = datetime(2024, 6, 1, tzinfo=UTC)
IDS = st.one_of(
    st.none(), st.sampled_from(["", " ", "u", "a", "00123", "x" * 300]), st.text(max_size=5), st.integers(0, 3)
)
TIMES = st.sampled_from(["2024-05-01", "2024-05-01T10:00:00+02:00", "2025-01-01", "1960-01-01", "soon", "", None])
KINDS = st.sampled_from(["view", "purchase", "Refund", "search", "nonsense", "", None])
NUMBERS = st.one_of(
    st.none(), st.floats(allow_nan=True), st.sampled_from(["", "x", "1e400", "-1", "2"]), st.integers(-3, 3)
)
ROWS = st.lists(st.tuples(IDS, IDS, TIMES, KINDS, NUMBERS, NUMBERS, st.one_of(st.none(), IDS)), min_size=1, max_size=12)
COLUMNS = ["user_id", "item_id", "timestamp", "event_type", "price", "quantity", "event_id"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS)
def test_read_is_accepted_plus_quarantined(rows):
    """The counts add up, the store holds what was accepted, and a second import adds nothing."""
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype="object")
    table = RawTable("rows", frame, pd.Series(range(1, len(frame) + 1)))
    config = DataConfig(max_bad_share=1.0)
    with TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        try:
            report = import_tables(home, Sources([table]), Reading(), config, now=NOW)
        except DataRefused:
            assert not home.root.exists()
            return
        assert report.events.rows_read == len(frame)
        assert report.events.rows_read == report.events.accepted + report.events.quarantined
        assert report.events.quarantined == sum(report.events.quarantined_by_reason.values())
        days = {datetime(2024, 5, 1).date()}
        stored = stored_on(home, days)
        assert len(stored) == report.events.accepted == sum(report.event_types.values())
        assert list(stored.columns) == EVENT_SCHEMA.names
        again = import_tables(home, Sources([table]), Reading(), config, now=NOW)
        assert (again.events.accepted, again.import_id, again.already_imported) == (0, None, True)


@pytest.mark.parametrize("n_bad", [0, 1, 5])
def test_rejects_hold_every_row_set_aside(home, bring_in, write, n_bad):
    """The file of rejects has as many rows as the report counts, and there is none without any."""
    rows = ["u,a,2024-05-01,view"] * 1 + ["u,a,soon,view"] * n_bad
    path = write("events.csv", "user_id,item_id,timestamp,event_type\n" + "\n".join(rows) + "\n")
    report = bring_in(path, config=DataConfig(max_bad_share=1.0))
    rejects = home.rejects / f"{report.import_id}.parquet"
    assert (len(pd.read_parquet(rejects)) if rejects.exists() else 0) == report.events.quarantined == n_bad
