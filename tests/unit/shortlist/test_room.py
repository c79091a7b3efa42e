"""Permissions, disk and memory, asked for before the work."""

import os
from pathlib import Path

import pytest

from shortlist.errors import StoreUnavailable
from shortlist.room import Need, available_memory, nearest_folder, require_room


def test_enough_of_everything_passes_and_makes_nothing(tmp_path: Path) -> None:
    require_room(tmp_path / "a" / "b", Need(disk=1, memory=1), "the work")
    assert list(tmp_path.iterdir()) == []
    assert nearest_folder(tmp_path / "a" / "b") == tmp_path


@pytest.mark.parametrize("need", [Need(disk=10**18), Need(memory=10**18)])
def test_too_little_is_said_with_both_figures(tmp_path: Path, need: Need) -> None:
    with pytest.raises(StoreUnavailable, match=r"the work needs at least 1,000,000,000,000 MB; *nothing was\s*begun"):
        require_room(tmp_path, need, "the work")


def test_a_file_in_the_way_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="file: cannot be written to, so the work was not begun"):
        require_room(tmp_path / "file" / "below", Need(), "the work")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnavailable, match="cannot be written to"):
        require_room(tmp_path / "home", Need(), "the work")


def test_memory_is_what_the_machine_has_at_most() -> None:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < available_memory() <= total
