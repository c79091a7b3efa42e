"""Stage one: merging what the sources find."""

from dataclasses import replace

import numpy as np
import pytest

from candidate_gen.candidates import Candidates
from candidate_gen.generator import CandidateGenerator
from candidate_gen.profile import UserProfile, build_profile
from data.interactions import EVENT_COLUMNS, SECONDS_PER_DAY, History, empty_history
from ranking.recommender import Recommender

HISTORY_DAYS = (3, 10, 17, 17, 24)


@pytest.fixture(scope="module")
def generator(small_recommender: Recommender) -> CandidateGenerator:
    """Stage one of the small shop."""
    return small_recommender.two_stage.generator


def profile_of(recommender: Recommender, user_id: str) -> UserProfile:
    """A known user's profile."""
    return build_profile(recommender.history(user_id))


def newcomer(recommender: Recommender, parity: int) -> UserProfile:
    """A user whom training never saw, with purchases of five even or odd items."""
    items = [recommender.table.items.position(f"item-{number:03}") for number in range(parity, 50, 10)]
    seconds = recommender.as_of - np.array(sorted(HISTORY_DAYS, reverse=True)) * SECONDS_PER_DAY
    one = np.ones(len(items), dtype=np.float32)
    history = History(
        as_of=recommender.as_of,
        item_idx=np.array(items, np.int32),
        timestamp=seconds,
        weight=one,
        price=one,
        is_target=one.astype(np.bool_),
        event_type=one.astype(np.int8),
        basket=np.arange(len(items), dtype=np.int32),
    )
    return build_profile(history)


def check(found: Candidates, generator: CandidateGenerator) -> None:
    """What holds of all candidates that were not cut."""
    assert (np.diff(found.item_idx) > 0).all()
    assert found.rank.shape == found.score.shape == (len(generator.sources), len(found))
    assert found.sources == generator.names
    assert (found.rank > 0).any(axis=0).all()
    for limit, ranks in zip(generator.limits, found.rank, strict=True):
        given = np.sort(ranks[ranks > 0])
        assert len(given) <= limit
        np.testing.assert_array_equal(given, np.arange(1, len(given) + 1))


def by_rank(found: Candidates, source: str) -> list[int]:
    """A source's items, best first."""
    ranks = found.rank[found.sources.index(source)]
    return found.item_idx[np.argsort(ranks, kind="stable")][(ranks == 0).sum() :].tolist()


@pytest.mark.parametrize("user_id", ["user-000", "user-001", "user-150"])
def test_candidates_are_merged(small_recommender: Recommender, generator: CandidateGenerator, user_id: str) -> None:
    """Items are ascending and come once; each source's ranks and scores are what it answers alone."""
    profile = profile_of(small_recommender, user_id)
    found = generator.candidates(profile)
    check(found, generator)
    for source, limit, score in zip(generator.sources, generator.limits, found.score, strict=True):
        asked = source.ask(profile)
        assert by_rank(found, source.name) == source.found(asked, limit, None).tolist()
        np.testing.assert_array_equal(score, source.score(asked, found.item_idx))


@pytest.mark.parametrize("parity", [0, 1])
def test_newcomers_get_personal_candidates(
    small_recommender: Recommender, generator: CandidateGenerator, parity: int
) -> None:
    """A user unknown to training who bought even items finds even ones by ALS and by neighbours, and so with odd."""
    profile = newcomer(small_recommender, parity)
    found = generator.candidates(profile)
    for source in ("als", "item_knn"):
        new = [item for item in by_rank(found, source) if item not in profile.item_idx][:20]
        assert len(new) == 20
        assert {item % 2 for item in new} == {parity}


def test_empty_history_finds_what_is_popular(small_recommender: Recommender, generator: CandidateGenerator) -> None:
    """Without a history only the sources that need none answer."""
    found = generator.candidates(build_profile(empty_history(small_recommender.as_of)))
    check(found, generator)
    needs = np.array([source.needs_history for source in generator.sources])
    assert len(found) > 0
    assert not found.rank[needs].any()
    assert not found.score[needs].any()


def test_every_source_keeps_to_what_is_allowed(small_recommender: Recommender, generator: CandidateGenerator) -> None:
    """No source gives an item that is not allowed, and ranks count allowed items only."""
    allowed = np.arange(len(small_recommender.table.items)) % 3 == 0
    for user_id in ("user-000", "user-001"):
        found = generator.candidates(profile_of(small_recommender, user_id), allowed)
        check(found, generator)
        assert allowed[found.item_idx].all()
        assert (found.rank[generator.names.index("als")] > 0).any()


def test_nothing_allowed_nothing_found(small_recommender: Recommender, generator: CandidateGenerator) -> None:
    """With nothing allowed there are no candidates, and no error."""
    nothing = np.zeros(len(small_recommender.table.items), dtype=np.bool_)
    for profile in (profile_of(small_recommender, "user-000"), build_profile(empty_history(small_recommender.as_of))):
        assert len(generator.candidates(profile, nothing)) == 0


def test_a_user_has_at_most_so_many(small_recommender: Recommender, generator: CandidateGenerator) -> None:
    """Cut to a number, those stay that the sources together say most of, with their ranks and scores."""
    profile = profile_of(small_recommender, "user-001")
    whole, cut = generator.candidates(profile), replace(generator, max_candidates=30).candidates(profile)
    assert len(cut) == 30 < len(whole)
    assert (np.diff(cut.item_idx) > 0).all()
    kept = np.isin(whole.item_idx, cut.item_idx)
    assert whole.fused[kept].min() >= whole.fused[~kept].max()
    np.testing.assert_array_equal(cut.rank, whole.rank[:, kept])
    np.testing.assert_array_equal(cut.score, whole.score[:, kept])


def test_interactions_are_read_only(small_recommender: Recommender) -> None:
    """Nobody can write into the interactions that all models share."""
    interactions = small_recommender.table.interactions().before(small_recommender.as_of)
    for name in ("user_offsets", *EVENT_COLUMNS):
        with pytest.raises(ValueError, match="read-only"):
            getattr(interactions, name)[:1] = 0
