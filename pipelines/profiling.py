"""Where the time of a request goes, step by step: the service's own path, with a clock around each of its parts."""

import asyncio
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final
from urllib.parse import quote

from candidate_gen import generator as stage_one
from candidate_gen.fusion import Fusion
from candidate_gen.generator import CandidateGenerator
from data.arrays.histories import StoredHistories
from ranking import two_stage
from ranking.features import GROUPS
from ranking.ranker import Ranker
from ranking.recommender import Recommender
from ranking.two_stage import TwoStage
from serving import service as answers
from serving.app import create_app
from serving.service import Service
from serving.settings import ServiceSettings

N_WARM_UP: Final = 50
LIST: Final = "a list"
REQUEST: Final = "a request"


@dataclass(frozen=True, slots=True)
class Step:
    """One step's mean time in a request, in microseconds, and how often it is taken."""

    name: str
    microseconds: float
    calls: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What was measured.

    Attributes
    ----------
    steps : tuple of Step
        In the order of the path; together they are a request.
    request_microseconds : float
        Median of a request without any clock inside it.
    n_requests : int
    """

    version: str
    steps: tuple[Step, ...]
    request_microseconds: float
    n_requests: int


def profile_requests(service: Service, settings: ServiceSettings, n_requests: int, seed: int) -> Profile:
    """Ask the application itself, without a socket, for users drawn at random, uncached: once plain and once timed."""
    users = service.current.table.users
    rng = random.Random(seed)  # noqa: S311
    asked = [users.external(rng.randrange(len(users))) for _ in range(n_requests)]
    plain = asyncio.run(_ask(service, settings, asked))
    with _clocks(service.current) as clock:
        asyncio.run(_ask(service, settings, asked, clock))
    return Profile(service.current.version, _steps(clock, n_requests), 1e6 * statistics.median(plain), n_requests)


class _Clock:
    """Seconds and calls by step, and the whole of lists and requests."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, its time added up under a name."""

        def run(*arguments: Any, **named: Any) -> Any:
            start = perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds[name] += perf_counter() - start
                self.calls[name] += 1

        return run


@contextmanager
def _clocks(recommender: Recommender) -> Iterator[_Clock]:
    """Put a clock around every part of the path while the block runs."""
    clock = _Clock()
    with ExitStack() as stack:
        for owner, attribute, name in (*_parts(recommender), (Recommender, "recommend", LIST)):
            stack.enter_context(_replaced(owner, attribute, clock.timed(name, getattr(owner, attribute))))
        yield clock


def _parts(recommender: Recommender) -> Iterator[tuple[Any, str, str]]:
    """Each part, once, in the order of the path: whose attribute it is, and what the step is called."""
    yield StoredHistories, "of", "history: look-up"
    yield two_stage, "build_profile", "history: by item"
    sources = recommender.two_stage.generator.sources
    yield from ((type(source), "ask", f"{source.name}: ask") for source in sources)
    yield from ((type(source), "found", f"{source.name}: best") for source in sources)
    yield stage_one, "_merged", "candidates: merge"
    yield Fusion, "score", "candidates: fuse"
    yield stage_one, "_best_ascending", "candidates: keep the best"
    yield CandidateGenerator, "_said", "candidates: every source's scores"
    yield from ((type(group), "fill", f"features: {_title(group)}") for group in GROUPS)
    yield Ranker, "scores", "trees"
    yield TwoStage, "_cut", "list: cut"
    yield Recommender, "_answer", "list: ids and reasons"
    yield answers, "list_json", "answer: JSON"


def _title(group: object) -> str:
    return type(group).__name__.removesuffix("Features").lower()


@contextmanager
def _replaced(owner: Any, attribute: str, value: Any) -> Iterator[None]:
    own = vars(owner).get(attribute)
    setattr(owner, attribute, value)
    try:
        yield
    finally:
        if own is None:  # inherited
            delattr(owner, attribute)
        else:
            setattr(owner, attribute, own)


def _steps(clock: _Clock, n: int) -> tuple[Step, ...]:
    """All steps, and what lies between them."""
    whole = {name: clock.seconds.pop(name) for name in (LIST, REQUEST)}
    steps = [Step(name, 1e6 * seconds / n, clock.calls[name] / n) for name, seconds in clock.seconds.items()]
    json_seconds = clock.seconds["answer: JSON"]
    between = whole[LIST] - (sum(clock.seconds.values()) - json_seconds)
    http = whole[REQUEST] - whole[LIST] - json_seconds
    rest = (("list: between these steps", between), ("answer: routing, parameters, headers, figures, log", http))
    return (*steps, *(Step(name, 1e6 * seconds / n, 1.0) for name, seconds in rest))


async def _ask(
    service: Service, settings: ServiceSettings, users: Sequence[str], clock: _Clock | None = None
) -> list[float]:
    """The seconds of each request to the application."""
    app = create_app(settings, service)
    async with app.router.lifespan_context(app):
        for user in users[:N_WARM_UP]:
            await app(_scope(user), _nothing, _drop)
        if clock is not None:
            clock.seconds.clear()
            clock.calls.clear()
        taken = []
        for user in users:
            start = perf_counter()
            await app(_scope(user), _nothing, _drop)
            taken.append(perf_counter() - start)
    if clock is not None:
        clock.seconds[REQUEST] = sum(taken)
    return taken


def _scope(user: str) -> dict[str, Any]:
    path = f"/recommendations/{quote(user, safe='')}"
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/recommendations/{user}",
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"limit=10",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _drop(_message: Any) -> None:
    """Nobody listens."""
