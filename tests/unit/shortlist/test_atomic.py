"""Writing that is there whole or not at all."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shortlist.atomic import TEMPORARY_PREFIX, leftovers, replace_file, staged_file, staged_folder, sweep


def names(folder: Path) -> list[str]:
    """What a folder holds, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


def test_replace_creates_and_replaces(tmp_path: Path) -> None:
    """The folders above are made, and a second content takes the place of the first."""
    path = tmp_path / "deep" / "CURRENT"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["CURRENT"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_failed_replacement_leaves_nothing(tmp_path: Path) -> None:
    """A target that cannot be replaced stays as it is, and no temporary file remains."""
    (tmp_path / "CURRENT" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="CURRENT"):
        replace_file(tmp_path / "CURRENT", b"one")
    assert names(tmp_path) == ["CURRENT"]


def test_folder_appears_at_the_end(tmp_path: Path) -> None:
    """The final name is there only after the block, with everything that was written."""
    final = tmp_path / "bundles" / "v1"
    with staged_folder(final) as staging:
        (staging / "a.txt").write_text("a")
        assert not final.exists()
    assert (names(final), names(final.parent)) == (["a.txt"], ["v1"])


def test_failed_block_leaves_nothing(tmp_path: Path) -> None:
    """An error in the block takes everything away and goes on."""

    def fail() -> None:
        with staged_folder(tmp_path / "v1") as staging:
            (staging / "a.txt").write_text("a")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    assert names(tmp_path) == []


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """A folder of that name, an empty one too, is refused before anything is written."""
    (tmp_path / "v1").mkdir()
    with pytest.raises(FileExistsError), staged_folder(tmp_path / "v1"):
        pytest.fail("the block must not run")
    assert names(tmp_path) == ["v1"]


def test_what_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """A folder that somebody else fills during the block keeps its content."""

    def collide() -> None:
        with staged_folder(tmp_path / "v1") as staging:
            (staging / "mine.txt").write_text("mine")
            (tmp_path / "v1").mkdir()
            (tmp_path / "v1" / "theirs.txt").write_text("theirs")

    with pytest.raises(OSError, match="v1"):
        collide()
    assert (names(tmp_path), names(tmp_path / "v1")) == (["v1"], ["theirs.txt"])


@pytest.mark.slow
def test_a_killed_writer_s_folder_is_left_over_and_swept(tmp_path: Path) -> None:
    """A process that dies inside the block leaves its folder, which the next sweep removes."""
    script = (
        "import os, signal, sys; from pathlib import Path; from shortlist.atomic import staged_folder\n"
        "with staged_folder(Path(sys.argv[1]) / 'v1') as staging:\n"
        "    (staging / 'half.npy').write_bytes(b'x' * 1000)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert [path.name for path in leftovers(tmp_path)] == names(tmp_path)
    assert len(names(tmp_path)) == 1
    sweep(tmp_path)
    assert names(tmp_path) == []


def test_what_is_being_written_is_not_swept(tmp_path: Path) -> None:
    """A sweep beside a living writer leaves the folder alone, and so does one of a folder that is not there."""
    with staged_folder(tmp_path / "v1") as staging:
        (staging / "a.txt").write_text("a")
        assert leftovers(tmp_path) == []
        sweep(tmp_path)
        sweep(tmp_path / "none")
    assert names(tmp_path / "v1") == ["a.txt"]


def test_a_file_that_is_being_written_is_not_swept(tmp_path: Path) -> None:
    """Lists that are written into a folder that a command tidies meanwhile come to their place."""
    with staged_file(tmp_path / "recs.csv") as temporary:
        sweep(tmp_path)
        temporary.write_text("u,a\n")
    assert names(tmp_path) == ["recs.csv"]


def test_temporary_files_are_swept_and_others_stay(tmp_path: Path) -> None:
    """Only temporary names go; a link goes without what it points to."""
    (tmp_path / "kept").mkdir()
    (tmp_path / f"{TEMPORARY_PREFIX}abc").write_text("half")
    (tmp_path / f"{TEMPORARY_PREFIX}link").symlink_to(tmp_path / "kept")
    sweep(tmp_path)
    assert names(tmp_path) == ["kept"]
