"""What work takes, and how that is said."""

from pathlib import Path

import pytest

from pipelines.needs import of_evaluation, of_import, of_retraining, of_training, require
from pipelines.settings import Config
from shortlist.errors import StoreUnavailable
from shortlist.progress import SilentReporter
from shortlist.room import Need


def test_more_events_take_more_and_further_trainings_longer() -> None:
    """Memory and disk grow with events; an evaluation and a retraining train more than once."""
    small, large = of_training(10_000, Config()), of_training(1_445_000, Config())
    assert (small.memory < large.memory, small.disk < large.disk) == (True, True)
    assert 120 < large.seconds < 480  # 240 were measured, docs/performance.md
    assert large.seconds < of_evaluation(1_445_000, Config()).seconds < of_retraining(1_445_000, Config()).seconds


def test_an_import_takes_what_its_files_are(tmp_path: Path) -> None:
    """Files in a folder count."""
    (tmp_path / "a.csv").write_bytes(b"a" * 1_000_000)
    (tmp_path / "b.csv").write_bytes(b"a" * 2_000_000)
    assert of_import([tmp_path]).memory - of_import([]).memory == 3_000_000


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "less than a minute"), (61, "about 1 minute"), (260, "about 4 minutes")]
)
def test_what_it_takes_is_said(seconds: float, words: str) -> None:
    """Megabytes, and minutes."""
    said = Need(disk=40_000_000, memory=900_000_000, seconds=seconds).said()
    assert "at least 900 MB of memory and 40 MB of disk" in said
    assert said.endswith(words)


def test_what_cannot_end_well_is_not_begun(tmp_path: Path) -> None:
    """More disk than there is, more memory than there is."""
    for need in (Need(disk=10**18), Need(memory=10**18)):
        with pytest.raises(StoreUnavailable, match=r"nothing was\s+begun"):
            require(tmp_path, need, "a training", SilentReporter())
