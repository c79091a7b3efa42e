"""Stage one: merging what the sources find."""

from dataclasses import fields

import numpy as np
import pytest

from candidate_gen.generator import SOURCES, CandidateGenerator, Candidates, SourceLimits, strongest_items
from candidate_gen.profile import UserProfile, build_profile
from data.interactions import SECONDS_PER_DAY, History, empty_history
from pipelines.settings import Config
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
    items = [recommender.interactions.items.position(f"item-{number:03}") for number in range(parity, 50, 10)]
    seconds = recommender.as_of - np.array(sorted(HISTORY_DAYS, reverse=True)) * SECONDS_PER_DAY
    one = np.ones(len(items), dtype=np.float32)
    return build_profile(History(recommender.as_of, np.array(items, np.int32), seconds, one, one, one.astype(np.bool_)))


def check(found: Candidates, limits: SourceLimits) -> None:
    """What holds of all candidates."""
    assert (np.diff(found.item_idx) > 0).all()
    assert found.rank.shape == (len(SOURCES), len(found))
    assert (found.rank > 0).any(axis=0).all()
    for name, ranks in zip(SOURCES, found.rank, strict=True):
        given = np.sort(ranks[ranks > 0])
        assert len(given) <= getattr(limits, name)
        np.testing.assert_array_equal(given, np.arange(1, len(given) + 1))


def by_rank(found: Candidates, source: str) -> list[int]:
    """A source's items, best first."""
    ranks = found.rank[SOURCES.index(source)]
    return found.item_idx[np.argsort(ranks, kind="stable")][(ranks == 0).sum() :].tolist()


@pytest.mark.parametrize("user_id", ["user-000", "user-001", "user-150"])
def test_candidates_are_merged(small_recommender: Recommender, generator: CandidateGenerator, user_id: str) -> None:
    """Items are ascending and come once; each source's ranks count from 1 in its own order."""
    profile = profile_of(small_recommender, user_id)
    found = generator.candidates(profile)
    check(found, generator.limits)
    limits = generator.limits
    factor = generator.als.user_factor(profile)
    assert by_rank(found, "history") == strongest_items(profile)[: limits.history].tolist()
    assert by_rank(found, "als") == generator.index.search(factor, limits.als).tolist()
    assert by_rank(found, "popular") == generator.popularity.top(limits.popular)[0].tolist()
    knn_scores = generator.item_knn.scores(profile)
    assert by_rank(found, "item_knn") == generator.item_knn.candidates(knn_scores, limits.item_knn).tolist()
    wanted = generator.category_popularity.candidates(profile, limits.category_popular).tolist()
    assert by_rank(found, "category_popular") == wanted
    np.testing.assert_array_equal(found.item_knn_score, knn_scores[found.item_idx])
    np.testing.assert_allclose(found.als_score, generator.als.item_factors[found.item_idx] @ factor, atol=1e-6)


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
    """Without a history only the popular source answers."""
    found = generator.candidates(build_profile(empty_history(small_recommender.as_of)))
    check(found, generator.limits)
    assert len(found) == generator.limits.popular
    assert not found.rank[:-1].any()
    assert not found.als_score.any()


def test_every_source_keeps_to_what_is_allowed(small_recommender: Recommender, generator: CandidateGenerator) -> None:
    """No source gives an item that is not allowed, and ranks count allowed items only."""
    allowed = np.arange(len(small_recommender.interactions.items)) % 3 == 0
    for user_id in ("user-000", "user-001"):
        found = generator.candidates(profile_of(small_recommender, user_id), allowed)
        check(found, generator.limits)
        assert allowed[found.item_idx].all()
        assert (found.rank.max(axis=1) > 0).all()


def test_nothing_allowed_nothing_found(small_recommender: Recommender, generator: CandidateGenerator) -> None:
    """With nothing allowed there are no candidates, and no error."""
    nothing = np.zeros(len(small_recommender.interactions.items), dtype=np.bool_)
    for profile in (profile_of(small_recommender, "user-000"), build_profile(empty_history(small_recommender.as_of))):
        assert len(generator.candidates(profile, nothing)) == 0


def test_source_can_be_switched_off(small_recommender: Recommender, generator: CandidateGenerator) -> None:
    """A limit of 0 leaves a source out; the others stay as they are."""
    parts = {field.name: getattr(generator, field.name) for field in fields(generator)}
    limits = SourceLimits(history=0, als=0, item_knn=0, category_popular=0, popular=5)
    found = CandidateGenerator(**(parts | {"limits": limits})).candidates(profile_of(small_recommender, "user-000"))
    check(found, limits)
    assert (len(found), limits.total()) == (5, 5)


def test_fused_score_by_hand() -> None:
    """Each source that ranks an item adds ``1 / (60 + rank)``."""
    rank = np.array([[1, 0], [3, 2], [0, 0], [0, 0], [0, 1]], dtype=np.float32)
    nothing = np.zeros(2, dtype=np.float32)
    fused = Candidates(np.array([4, 7], np.int32), rank, nothing, nothing).fused_score()
    np.testing.assert_allclose(fused, [1 / 61 + 1 / 63, 1 / 62 + 1 / 61], rtol=1e-6)


def test_interactions_are_read_only(small_recommender: Recommender, small_config: Config) -> None:
    """Nobody can write into the interactions that all models share."""
    assert small_config.candidate_gen.limits == small_recommender.two_stage.generator.limits
    interactions = small_recommender.interactions.before(small_recommender.as_of)
    for name in ("user_offsets", "item_idx", "timestamp", "weight", "price", "is_target"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(interactions, name)[:1] = 0
