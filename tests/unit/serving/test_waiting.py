"""The waiting line, simulated: random arrivals at several times what can be answered, every cost known."""

import random
from collections import Counter
from typing import NamedTuple

import pytest

from serving.waiting import Ease, WaitingLine

DEADLINE = 0.2
COST: dict[Ease | None, float] = {None: 0.0025, "stage_one": 0.0018, "popular": 0.001}
REFUSAL = 0.0003
CAPACITY = 1 / COST[None]


class Answer(NamedTuple):
    """What became of a request: when it came, how long it took in all, and how it was answered."""

    arrived: float
    seconds: float
    how: str


def simulated(load: float, seconds: float = 10.0, seed: int = 0) -> list[Answer]:
    """A load, as a multiple of what can be answered in full, and then a quarter of it for three seconds."""
    draw, line, moment = random.Random(seed), WaitingLine(DEADLINE), 0.0
    arrivals: list[float] = []
    while moment < seconds + 3:
        moment += draw.expovariate(CAPACITY * (load if moment < seconds else 0.25))
        arrivals.append(moment)
    now, due, answers = 0.0, iter([*arrivals, float("inf")]), []
    coming = next(due)
    while coming < float("inf") or len(line):
        now = now if len(line) else max(now, coming)
        while coming <= now:
            if line.arrive(coming) is None:
                now += REFUSAL
                answers.append(Answer(coming, now - coming, "refused"))
            coming = next(due)
        if (place := line.next(now)) is not None:
            now += COST[place.ease] * draw.uniform(0.7, 1.3)
            answers.append(Answer(place.arrived, now - place.arrived, place.ease or "full"))
    assert len(answers) == len(arrivals)
    return answers


def slowest(answers: list[Answer], how: str) -> float:
    return max(answer.seconds for answer in answers if answer.how == how)


def test_below_what_can_be_answered_everyone_gets_everything() -> None:
    assert {answer.how for answer in simulated(0.8)} == {"full"}


@pytest.mark.parametrize("load", [1.2, 2.0, 3.0])
def test_above_it_all_are_answered_in_time_and_those_refused_at_once(load: float) -> None:
    answers = simulated(load)
    assert {answer.how for answer in answers} == {"full", "stage_one", "popular", "refused"}
    assert slowest(answers, "full") < DEADLINE
    assert slowest(answers, "popular") < 1.05 * DEADLINE
    assert slowest(answers, "stage_one") < 0.5 * DEADLINE
    assert slowest(answers, "refused") < 0.1 * DEADLINE


def test_nobody_is_refused_while_easier_lists_are_enough() -> None:
    counts = Counter(answer.how for answer in simulated(1.1))
    assert counts["full"] > 0.8 * counts.total()
    assert counts["refused"] < 0.05 * counts.total()


def test_it_recovers_by_itself_within_two_seconds() -> None:
    late = [answer for answer in simulated(3.0) if answer.arrived > 12.0]
    assert {answer.how for answer in late} == {"full"}
    assert slowest(late, "full") < 0.1 * DEADLINE


def test_so_many_at_once_find_a_bounded_line() -> None:
    """Before any pace is measured: 2 ms each until half of the deadline, and a quarter of it in a hurry."""
    line = WaitingLine(DEADLINE)
    eases = Counter(place.ease if (place := line.arrive(0.0)) else "refused" for _ in range(1_000))
    assert eases == {None: 50, "stage_one": 13, "popular": 12, "refused": 925}
    assert len(line) == 75


def test_the_lanes_take_turns() -> None:
    line = WaitingLine(DEADLINE)
    for _ in range(52):
        line.arrive(0.0)
    turns = [line.next(0.001 * step) for step in range(6)]
    assert [turn.ease for turn in turns if turn] == ["stage_one", None, "stage_one", None, None, None]


def test_a_list_that_has_waited_long_is_an_easy_one() -> None:
    line = WaitingLine(DEADLINE)
    line.arrive(0.0)
    place = line.next(0.16)
    assert place is not None
    assert place.ease == "popular"
