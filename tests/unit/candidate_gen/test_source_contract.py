"""What every candidate source must keep, whichever it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from candidate_gen.bundling import load_generator, save_generator
from candidate_gen.generator import CandidateGenerator
from candidate_gen.profile import UserProfile, build_profile
from candidate_gen.settings import CandidateConfig
from candidate_gen.source import Source
from candidate_gen.sources import SOURCES, VOTING
from data.arrays.past import Past
from data.attributes import ItemAttributes
from data.catalog_arrays import build_attributes
from data.interactions import SECONDS_PER_DAY, Interactions, empty_history
from shortlist.bundle import Bundle, BundleWriter
from shortlist.manifest import Manifest

N_USERS, N_ITEMS = 40, 40
AS_OF = 100 * SECONDS_PER_DAY
UNSEEN = "unseen"
CONFIG = CandidateConfig.model_validate({"als": {"factors": 8, "regularization": 0.5}})


@dataclass(frozen=True)
class Shop:
    """A shop on a checkerboard, and what was known of it."""

    interactions: Interactions
    attributes: ItemAttributes
    past: Past

    def profile(self, user: int) -> UserProfile:
        """What was known of a user."""
        return build_profile(self.past.history(user))


def rows() -> Iterator[tuple[str, str, float]]:
    """Even users buy even items, odd users odd ones, two at a time and in a row that each begins elsewhere."""
    for user in range(N_USERS):
        own = np.roll(np.arange(user % 2, N_ITEMS, 2), user)
        for place, pair in enumerate(own[:12].reshape(-1, 2)):
            yield from ((f"u{user:02}", f"i{item:02}", 40 + 4 * place + user / 100) for item in pair)


def later() -> Iterator[tuple[str, str, float]]:
    """Another future: everybody buys what is not theirs."""
    yield from ((f"u{user:02}", f"i{(user + 1) % N_ITEMS:02}", 100.5 + user / 100) for user in range(N_USERS))


def shop_of(interactions: Interactions) -> Shop:
    """A shop with a category for even and one for odd items."""
    ids = interactions.items.externals(np.arange(len(interactions.items)))
    sides = ["Even" if one == UNSEEN or int(one[1:]) % 2 == 0 else "Odd" for one in ids]
    catalog = pd.DataFrame({"item_id": ids, "category": sides, "brand": sides, "tags": sides}, dtype="str")
    return Shop(interactions, build_attributes(catalog, interactions.items), Past.before(interactions, AS_OF))


@pytest.fixture(scope="module")
def shop(make_interactions) -> Shop:
    """The shop, with an item that nobody has bought."""
    return shop_of(make_interactions(list(rows()), [UNSEEN]))


@pytest.fixture(scope="module", params=SOURCES, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> type[Source]:
    """Each source in turn."""
    return request.param


def fit(kind: type[Source], shop: Shop) -> Source:
    """The source, fitted on what was known."""
    return kind.fit(shop.past, shop.attributes, CONFIG.of(kind), 1)


@pytest.fixture(scope="module")
def source(kind: type[Source], shop: Shop) -> Source:
    """The source, fitted once."""
    return fit(kind, shop)


def answers(source: Source, profile: UserProfile) -> tuple[list[int], bytes]:
    """What it finds for a user, and the bits of its scores of every item."""
    asked = source.ask(profile)
    everything = np.arange(N_ITEMS + 1, dtype=np.int32)
    return source.found(asked, 30, None).tolist(), source.score(asked, everything).tobytes()


def test_it_is_a_source(kind: type[Source], source: Source) -> None:
    """It has a name, a reason and settings of its own, with a limit."""
    assert isinstance(source, Source)
    assert kind.name == kind.name.lower()
    assert kind.reason
    assert CONFIG.of(kind).limit > 0


def test_known_answers_on_the_checkerboard(kind: type[Source], source: Source, shop: Shop) -> None:
    """What a personal source finds first for an even user is even, and so with odd."""
    for user in range(0, N_USERS, 3):
        found = source.found(source.ask(shop.profile(user)), 8, None)
        if kind.needs_history:
            assert {int(item) % 2 for item in found} == {user % 2}
        assert len(found) > 0


def test_finds_are_distinct_and_best_first(source: Source, shop: Shop) -> None:
    """No item comes twice, at most so many come, and scores never rise along the list."""
    for user in (0, 1, 7):
        asked = source.ask(shop.profile(user))
        for n in (0, 1, 5, 30):
            found = source.found(asked, n, None)
            assert found.dtype == np.int32
            assert len(set(found.tolist())) == len(found) <= n
            scores = source.score(asked, found)
            assert scores.dtype == np.float32
            assert (np.diff(scores) <= 1e-6 * np.abs(scores).max(initial=1.0)).all()


def test_only_what_is_allowed_is_found(source: Source, shop: Shop) -> None:
    """With a mask it finds only items of the mask, and goes on among these."""
    allowed = np.arange(N_ITEMS + 1) % 3 == 0
    for user in (0, 5):
        asked = source.ask(shop.profile(user))
        whole, found = source.found(asked, N_ITEMS + 1, None), source.found(asked, 30, allowed)
        assert allowed[found].all()
        assert set(found.tolist()) == {item for item in whole.tolist() if allowed[item]}
        assert len(source.found(asked, 30, np.zeros(N_ITEMS + 1, dtype=np.bool_))) == 0


def test_nothing_is_claimed_of_a_stranger(kind: type[Source], source: Source) -> None:
    """An empty history has no finds of a source that needs one, and finite scores."""
    asked = source.ask(build_profile(empty_history(AS_OF)))
    scores = source.score(asked, np.arange(N_ITEMS + 1, dtype=np.int32))
    assert np.isfinite(scores).all()
    if kind.needs_history:
        assert not scores.any()


def test_an_item_that_nobody_had_has_a_finite_score(source: Source, shop: Shop) -> None:
    """An unseen item can be scored, and stands behind what the user has reason to want."""
    asked = source.ask(shop.profile(0))
    unseen = np.array([shop.interactions.items.position(UNSEEN)], dtype=np.int32)
    (score,) = source.score(asked, unseen)
    assert np.isfinite(score)
    assert score <= source.score(asked, source.found(asked, 1, None))[0]


def test_the_same_seed_gives_the_same_bits(kind: type[Source], source: Source, shop: Shop) -> None:
    """Fitted again on the same past, every answer is the same."""
    again = fit(kind, shop)
    for user in range(0, N_USERS, 5):
        assert answers(again, shop.profile(user)) == answers(source, shop.profile(user))


def test_the_future_changes_nothing(kind: type[Source], source: Source, shop: Shop, make_interactions) -> None:
    """Handed a log with later events, it answers as without them."""
    tempted = shop_of(make_interactions([*rows(), *later()], [UNSEEN]))
    other = fit(kind, tempted)
    for user in range(0, N_USERS, 5):
        assert answers(other, tempted.profile(user)) == answers(source, shop.profile(user))


def test_a_bundle_keeps_every_bit(kind: type[Source], source: Source, shop: Shop, tmp_path: Path) -> None:
    """Written and mapped again, it gives the same answers."""
    writer = BundleWriter(tmp_path)
    save_generator(writer, CandidateGenerator((source,), (30,), 100))
    off = {one.name: {"limit": 0} for one in SOURCES if one.name not in {kind.name, "popular"}}
    config = CandidateConfig.model_validate(CONFIG.model_dump() | {"popular": {"limit": 1}} | off)
    if kind.name != "popular":
        save_generator(writer, CandidateGenerator((fit(SOURCES[-1], shop),), (1,), 100))
    bundle = Bundle(tmp_path, Manifest.model_construct(files=dict(writer.entries)))
    loaded = load_generator(bundle, shop.attributes, config).sources[0]
    for user in range(0, N_USERS, 5):
        assert answers(loaded, shop.profile(user)) == answers(source, shop.profile(user))


def test_any_subset_of_the_log_can_be_fitted(kind: type[Source], make_interactions) -> None:
    """One event, one user, all at one moment: it fits, and answers with finite numbers."""
    logs = [
        [("u0", "i0", 50)],
        [("u0", f"i{n}", 40 + n) for n in range(5)],
        [(f"u{n % 3}", f"i{n % 4}", 50) for n in range(9)],
    ]
    for log in logs:
        interactions = make_interactions(log)
        attributes = build_attributes(pd.DataFrame({"item_id": []}), interactions.items)
        past = Past.before(interactions, AS_OF)
        source = kind.fit(past, attributes, CONFIG.of(kind), 1)
        asked = source.ask(build_profile(past.history(0)))
        assert np.isfinite(source.score(asked, np.arange(past.n_items, dtype=np.int32))).all()
        assert len(source.found(asked, 9, None)) <= past.n_items


@pytest.mark.parametrize("kind", [kind for kind in SOURCES if kind.name in VOTING], indirect=True)
def test_the_parts_of_a_sum_fit_it(source: Source, shop: Shop) -> None:
    """Where a user's items vote, the mean of the votes is at most the largest, and that at most their sum."""
    asked = source.ask(shop.profile(0))
    items = np.arange(N_ITEMS + 1, dtype=np.int32)
    score, largest, mean = asked.of_items(items)
    np.testing.assert_array_equal(source.score(asked, items), score)
    assert (mean <= largest * np.float32(1.00001)).all()
    assert (largest <= score * np.float32(1.00001)).all()
    np.testing.assert_array_equal(largest > 0, score > 0)
