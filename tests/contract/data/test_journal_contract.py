"""What every journal keeps to."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from data.log.journal import Entry, Journal
from data.log.sqlite_journal import SqliteJournal
from shortlist.errors import StoreUnavailable

KILLED = """
import sys
from pathlib import Path
from data.log.journal import Entry
from data.log.sqlite_journal import SqliteJournal

journal = SqliteJournal(Path(sys.argv[1]))
for number in range(100_000):
    journal.append([Entry(f"{sys.argv[2]}-{number}-{place}", b"{}") for place in range(3)])
    print(number, flush=True)
"""


def entries(*keys: str) -> list[Entry]:
    """Entries whose content is their key."""
    return [Entry(key, key.encode()) for key in keys]


def keys(journal: Journal, position: int = 0) -> list[str]:
    """The keys behind a position."""
    return [one.entry.key for one in journal.read_after(position, 1_000)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "home" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """An empty one."""
    made = SqliteJournal(path)
    yield made
    made.close()


def test_entries_come_back_in_their_order(journal: Journal) -> None:
    """Content and all; from a position on, and no more than asked for."""
    assert journal.append(entries("b", "a")) == [True, True]
    assert journal.append(entries("c")) == [True]
    first, second, third = journal.read_after(0, 10)
    assert [one.entry for one in (first, second, third)] == entries("b", "a", "c")
    assert first.position < second.position < third.position
    assert keys(journal, second.position) == ["c"]
    assert len(journal.read_after(0, 2)) == 2


def test_a_key_is_kept_once(journal: Journal) -> None:
    """In one call and in several; the first content stays."""
    assert journal.append([*entries("a", "b"), Entry("a", b"other")]) == [True, True, False]
    assert journal.append(entries("b", "c")) == [False, True]
    assert [one.entry.content for one in journal.read_after(0, 10)] == [b"a", b"b", b"c"]


def test_what_is_trimmed_is_gone_and_positions_go_on(journal: Journal) -> None:
    """A position is never used again."""
    journal.append(entries("a", "b", "c"))
    last = journal.read_after(0, 10)[-1].position
    assert journal.trim(last) == 3
    assert (journal.trim(last), keys(journal)) == (0, [])
    journal.append(entries("a"))
    assert journal.read_after(0, 10)[0].position > last


def test_what_is_stored_is_noted(journal: Journal, path: Path) -> None:
    """Nothing at first; the note outlives the process, and trimming."""
    assert journal.stored() == 0
    journal.append(entries("a", "b"))
    last = journal.read_after(0, 10)[-1].position
    for position in (last - 1, last):
        journal.note_stored(position)
    journal.trim(last)
    other = SqliteJournal(path)
    assert other.stored() == journal.stored() == last
    other.close()


def test_another_process_sees_it_and_nothing_is_lost_at_the_end(journal: Journal, path: Path) -> None:
    """What one has appended the other reads; after closing it is there still."""
    journal.append(entries("a"))
    other = SqliteJournal(path)
    assert keys(other) == ["a"]
    other.append(entries("b"))
    other.close()
    assert keys(journal) == ["a", "b"]


def test_several_append_at_once(path: Path) -> None:
    """Each waits for the others; nothing is lost, and nothing doubled."""

    def append(writer: int) -> int:
        mine = SqliteJournal(path)
        new = sum(sum(mine.append(entries(f"{number}", f"{writer}-{number}"))) for number in range(50))
        mine.close()
        return new

    with ThreadPoolExecutor(4) as pool:
        new = sum(pool.map(append, range(4)))
    reader = SqliteJournal(path)
    assert new == len(keys(reader)) == len(set(keys(reader))) == 50 + 4 * 50
    reader.close()


@pytest.mark.slow
def test_killed_writers_lose_nothing_that_was_acknowledged(path: Path) -> None:
    """Five writers killed in the middle: each acknowledged append is there, whole; of others all or nothing."""
    for round_number in range(5):
        command = [sys.executable, "-c", KILLED, str(path), str(round_number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
            os.kill(writer.pid, signal.SIGKILL)
            acknowledged += [int(line) for line in writer.stdout.read().split()]
        reader = SqliteJournal(path)
        found = [one.entry.key for one in reader.read_after(0, 1_000_000)]
        reader.close()
        mine = {key for key in found if key.startswith(f"{round_number}-")}
        assert {f"{round_number}-{number}-{place}" for number in acknowledged for place in range(3)} <= mine
        assert len(mine) % 3 == 0


def test_what_is_no_journal_is_an_error(path: Path) -> None:
    """The message names the file."""
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreUnavailable, match=r"journal\.db"):
        SqliteJournal(path)


def test_only_the_owner_reads_it(journal: Journal, path: Path) -> None:
    """It holds what customers did."""
    journal.append(entries("a"))
    assert path.stat().st_mode & 0o077 == 0
