"""Writing that is there whole or not at all."""

from pathlib import Path

import pytest

from shortlist.atomic import replace_file, staged_folder


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
