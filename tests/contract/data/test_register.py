"""What the register keeps to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from data.log.register import Register
from shortlist.errors import StoreUnavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where it is."""
    return tmp_path / "home" / "register.db"


@pytest.fixture
def register(path: Path) -> Iterator[Register]:
    """An empty one."""
    made = Register(path)
    yield made
    made.close()


def test_values_are_put_over_those_before(register: Register) -> None:
    """Each fact has one place, and a change has a later position."""
    register.put("item", {"a": {"price": 1}, "b": {"price": 2}})
    first = register.read_after(0)
    register.put("item", {"a": {"availability": "in stock"}})
    (changed,) = register.read_after(first[-1].position)
    assert (changed.key, changed.content) == ("a", {"price": 1, "availability": "in stock"})
    assert [fact.key for fact in register.read_after(0)] == ["b", "a"]


def test_what_files_say_is_not_waiting(register: Register) -> None:
    """Unless it has changed since it was read."""
    register.put("item", {"a": {"price": 1}, "b": {"price": 2}})
    waiting = register.waiting("item")
    register.put("item", {"b": {"price": 3}})
    register.note_stored(waiting)
    assert [fact.key for fact in register.waiting("item")] == ["b"]
    register.put("item", {"b": {"price": 4}}, is_stored=True)
    assert register.waiting("item") == []
    assert [fact.is_stored for fact in register.read_after(0)] == [True, True]


@pytest.mark.parametrize("attempt", range(10))
def test_several_open_and_put_at_once(path: Path, attempt: int) -> None:
    """Each waits for the others, also where none has made the file yet, and no value is lost."""
    all_there = Barrier(4)

    def put(writer: int) -> None:
        all_there.wait()
        mine = Register(path)
        for number in range(5):
            mine.put("item", {"a": {f"{writer}-{number}": 1}})
        mine.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(4)))
    reader = Register(path)
    (fact,) = reader.read_after(0)
    reader.close()
    assert len(fact.content) == 20


def test_what_is_no_register_is_an_error(path: Path) -> None:
    """The message names the file."""
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreUnavailable, match=r"register\.db"):
        Register(path)


def test_only_the_owner_reads_it(register: Register, path: Path) -> None:
    """It tells who wants to be forgotten."""
    register.put("item", {"a": {}})
    assert path.stat().st_mode & 0o077 == 0
