"""A file that is imported again in another time zone."""

import pytest

HEADER = "user_id,item_id,timestamp\n"


@pytest.fixture
def naive(write):
    """Forty purchases at odd minutes, without an offset."""
    rows = "".join(f"u{n},i{n % 7},2024-05-{1 + n % 20:02}T{n % 24:02}:{n:02}:07\n" for n in range(40))
    return write("naive.csv", HEADER + rows)


def told(report) -> list[str]:
    return [one for one in report.warnings if "stored already" in one]


def test_a_second_import_in_another_zone_is_told(bring_in, naive):
    """With the number of rows, the hours, and where to look; the first import and the same one again are not."""
    assert told(bring_in(naive, event_type="purchase")) == []
    assert told(bring_in(naive, event_type="purchase")) == []
    (warning,) = told(bring_in(naive, event_type="purchase", timezone="Europe/Berlin"))
    assert "40 of 40 new events" in warning
    assert "-2 hours off" in warning
    assert "shortlist imports" in warning


def test_customers_who_come_back_are_not(bring_in, naive, write):
    """New purchases of known items at other minutes, or of other customers at the same, are what they are."""
    bring_in(naive, event_type="purchase")
    later = naive.read_text().replace(":07", ":41")
    others = naive.read_text().replace("\nu", "\nv")
    assert told(bring_in(write("b.csv", later), event_type="purchase")) == []
    assert told(bring_in(write("c.csv", others), event_type="purchase", timezone="Europe/Berlin")) == []
