"""POST /events: what is taken is safe, and each event stands for itself."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from data.log.sqlite_journal import SqliteJournal
from data.settings import DataConfig
from data.single_events import events_of
from monitoring.counters import ServiceCounters
from serving import bodies, ingest
from serving.ingest import Ingest
from serving.overlay import Overlay
from shortlist.errors import StoreUnavailable
from shortlist.home import Home

Serve = Callable[..., httpx.Client]
Metric = Callable[[httpx.Client, str], float]


def event(number: int, **changes: object) -> dict[str, object]:
    """One good event."""
    return {"event_id": f"e{number}", "user_id": "u1", "item_id": f"item-{number:03}", "event_type": "view"} | changes


@pytest.fixture
def journal(small_home: Home) -> Path:
    """Where the small shop's journal lies."""
    return small_home.journal


def kept(path: Path) -> list[str]:
    """The items of the events in the journal."""
    reader = SqliteJournal(path)
    found = events_of([one.entry for one in reader.read_after(0, 10_000)])["item_id"].tolist()
    reader.close()
    return found


@pytest.mark.parametrize("wrapped", [False, True])
def test_good_ones_are_kept_and_bad_ones_named(serve: Serve, journal: Path, metric: Metric, wrapped: bool) -> None:
    """By index, code and reason; sent again the good ones are duplicates."""
    client = serve()
    events = [event(1), event(2, timestamp="yesterday"), 3, event(4, consent=False), event(5, event_type="bought")]
    body = {"events": events} if wrapped else events
    answer = client.post("/events", json=body)
    assert answer.status_code == 202
    found = answer.json()
    assert (found["accepted"], found["duplicates"], found["withheld"]) == (2, 0, 1)
    assert [(one["index"], one["code"]) for one in found["refused"]] == [(1, "BAD_TIMESTAMP"), (2, "MALFORMED_ROW")]
    assert all(one["reason"] for one in found["refused"])
    assert kept(journal) == ["item-001", "item-005"]
    again = client.post("/events", json=body).json()
    assert (again["accepted"], again["duplicates"]) == (0, 2)
    assert kept(journal) == ["item-001", "item-005"]
    assert metric(client, 'shortlist_events_total{outcome="accepted"}') == 2
    assert metric(client, 'shortlist_events_total{outcome="refused"}') == 4


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "INVALID_BODY"),
        (b"{", 422, "INVALID_BODY"),
        (b"[]", 422, "INVALID_BODY"),
        (b'{"events": 3}', 422, "INVALID_BODY"),
        (b"[" + b"{}," * 1000 + b"{}]", 422, "INVALID_BODY"),
        (b"[" + b" " * bodies.MOST_BYTES + b"]", 413, "BODY_TOO_LARGE"),
    ],
)
def test_what_is_no_batch_is_refused(serve: Serve, content: bytes, status: int, code: str) -> None:
    """With what to do, and nothing is kept."""
    answer = serve().post("/events", content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_key_is_wanted(serve: Serve, journal: Path) -> None:
    """As for lists."""
    client = serve(api_key="sesame")
    assert client.post("/events", json=[event(1)]).status_code == 401
    assert not journal.exists()
    assert client.post("/events", json=[event(1)], headers={"X-API-Key": "sesame"}).status_code == 202


def test_who_says_nothing_of_consent_is_as_the_shop_says(serve: Serve, journal: Path) -> None:
    """With consent_default off, an event must say that it may be kept."""
    client = serve(consent_default=False)
    found = client.post("/events", json=[event(1), event(2, consent=True)]).json()
    assert (found["accepted"], found["withheld"]) == (1, 1)
    assert kept(journal) == ["item-002"]


def test_many_at_once_are_all_kept(serve: Serve, journal: Path) -> None:
    """Forty requests side by side are written together, and each has its own answer."""
    client = serve()

    def send(number: int) -> tuple[int, int]:
        answer = client.post("/events", json=[event(10 * number + place) for place in range(number % 5 + 1)])
        return number % 5 + 1, answer.json()["accepted"]

    with ThreadPoolExecutor(8) as pool:
        assert all(sent == accepted for sent, accepted in pool.map(send, range(40)))
    assert len(kept(journal)) == sum(number % 5 + 1 for number in range(40))


def test_a_journal_that_cannot_be_written_is_said(serve: Serve, journal: Path) -> None:
    """503, so that the client sends them again; lists are answered all the same."""
    journal.mkdir()
    client = serve()
    answer = client.post("/events", json=[event(1)])
    assert (answer.status_code, answer.json()["code"]) == (503, "JOURNAL_UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"
    assert client.get("/recommendations/user-000").status_code == 200
    journal.rmdir()
    assert client.post("/events", json=[event(1)]).status_code == 202


def test_more_than_can_be_kept_soon_are_turned_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """While the journal hangs, some wait and the rest are refused at once; those that waited are kept."""
    monkeypatch.setattr(ingest, "MOST_WAITING", 5)
    goes_on = threading.Event()

    def opened() -> SqliteJournal:
        goes_on.wait(10)
        return SqliteJournal(tmp_path / "journal.db")

    async def run() -> list[object]:
        taking = Ingest(opened, DataConfig(), ServiceCounters(), Overlay(), consents=True)
        sent = [asyncio.create_task(taking.take([event(number), event(number + 100)])) for number in range(4)]
        await asyncio.sleep(0.1)
        goes_on.set()
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
        await taking.close()
        return outcomes

    outcomes = asyncio.run(run())
    assert outcomes[:2] == [["accepted", "accepted"]] * 2
    assert [type(one).__name__ for one in outcomes[2:]] == ["TooManyEvents"] * 2


def test_an_error_fails_those_who_wait_and_nobody_after(tmp_path: Path) -> None:
    """The next event finds the journal again."""
    attempts = iter([True, False])

    def opened() -> SqliteJournal:
        if next(attempts):
            raise StoreUnavailable("not now")
        return SqliteJournal(tmp_path / "journal.db")

    async def run() -> tuple[object, object]:
        taking = Ingest(opened, DataConfig(), ServiceCounters(), Overlay(), consents=True)
        first = (await asyncio.gather(taking.take([event(1)]), return_exceptions=True))[0]
        second = await taking.take([event(1)])
        await taking.close()
        return first, second

    first, second = asyncio.run(run())
    assert isinstance(first, StoreUnavailable)
    assert second == ["accepted"]
