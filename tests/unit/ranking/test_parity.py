"""One user has the same features, scores and list whoever asks: training, a batch, a request, a loaded bundle."""

from collections.abc import Iterator

import numpy as np
import plain_features
import pytest

from candidate_gen.profile import build_profile
from candidate_gen.training import fit_generator
from data.arrays.labels import collect_labels
from data.arrays.past import Past
from data.catalog import read_items
from data.catalog_arrays import build_attributes
from data.interactions import History
from data.splits import LabelWindow
from offline_eval.metrics import ndcg_at_k
from pipelines.settings import Config
from ranking.query import Query
from ranking.recommender import Recommender
from ranking.snapshots import window_snapshot
from ranking.stage_one import StageOne
from ranking.training_set import build_training_set, fit_context
from ranking.two_stage import USERS_PER_BLOCK, ListRequest, TwoStage
from shortlist.home import Home

WEEK = 7 * 86_400


@pytest.fixture(scope="module")
def snapshot(small_recommender: Recommender, small_config: Config):
    """Both stages as of a week before the end: the window, the past, and the two stages fitted on it."""
    interactions, attributes = small_recommender.table.interactions(), small_recommender.attributes
    window = LabelWindow(small_recommender.as_of - WEEK, small_recommender.as_of)
    past = Past.before(interactions, window.start)
    generator, _ = fit_generator(past, attributes, small_config.candidate_gen, small_config.seed)
    context = fit_context(past, attributes, small_config.candidate_gen)
    return window, TwoStage(generator, context, small_recommender.two_stage.ranker)


def groups(training_set) -> Iterator[np.ndarray]:
    """The features of each query."""
    yield from np.split(training_set.features, np.cumsum(training_set.group_sizes)[:-1])


def test_training_and_request_compute_the_same_features(
    small_recommender: Recommender, small_config: Config, snapshot
) -> None:
    """The rows that train the ranker are, bit for bit, those that a request of that moment would be scored with.

    Each user gives a query of all items, and one of the items new to the user.
    """
    window, two_stage = snapshot
    interactions = small_recommender.table.interactions()
    training_set = build_training_set(
        *(window_snapshot(interactions, window), small_recommender.attributes),
        *(small_config.ranking, StageOne(small_config.candidate_gen), small_config.seed),
    )
    n_items = len(interactions.items)
    labels = collect_labels(interactions, window)
    wanted = groups(training_set)
    labelled = iter(np.split(training_set.label, np.cumsum(training_set.group_sizes)[:-1]))
    for row, user in enumerate(labels.user_idx):
        history = interactions.history(int(user), window.start)
        for allowed in (None, ~np.isin(np.arange(n_items), history.item_idx)):
            ranked = two_stage.rank(ListRequest(history, 10, allowed))
            label = np.isin(ranked.candidates.item_idx, labels.of(row))
            if len(ranked.profile) and label.any() and not label.all():
                found = two_stage.context.features(ranked.profile, ranked.candidates)
                np.testing.assert_array_equal(found, next(wanted))
                np.testing.assert_array_equal(label, next(labelled) > 0)
    assert next(wanted, None) is None
    assert len(training_set.group_sizes) > 50


@pytest.mark.parametrize("stage", ["full", "retrieval"])
def test_batch_and_single_requests_are_the_same(small_recommender: Recommender, stage) -> None:
    """A list made with many others is the one made alone, scores bit for bit, whoever the others are."""
    users = [f"user-{number:03}" for number in range(USERS_PER_BLOCK + 20)]
    queries = [Query(user, limit=15, stage=stage) for user in [*users, "nobody"]]
    together = list(small_recommender.recommend_many(queries))
    assert [one.user_id for one in together] == [query.user_id for query in queries]
    order = np.random.default_rng(4).permutation(len(queries))
    shuffled = list(small_recommender.recommend_many(queries[place] for place in order))
    for place, one in zip(order, shuffled, strict=True):
        assert one == together[place]
    for query, one in list(zip(queries, together, strict=True))[::9]:
        assert small_recommender.recommend(query) == one


def test_filters_of_others_do_not_matter(small_recommender: Recommender) -> None:
    """In a batch each query keeps its own filters, length and offset."""
    queries = [
        Query("user-003"),
        Query("user-003", categories=("Food",), limit=3),
        Query("nobody", in_stock=True, limit=200),
        Query("user-004", offset=5, exclude_seen=True),
        Query("user-003"),
    ]
    assert list(small_recommender.recommend_many(queries)) == [small_recommender.recommend(one) for one in queries]
    assert list(small_recommender.recommend_many([])) == []


def test_loaded_bundle_has_the_bits_of_the_trained_one(
    small_recommender: Recommender, small_config: Config, small_home: Home
) -> None:
    """Stages fitted in memory and the same ones written and mapped give the same candidates, features and scores."""
    loaded, interactions = small_recommender.two_stage, small_recommender.table.interactions()
    as_of = small_recommender.as_of
    attributes = build_attributes(read_items(small_home), interactions.items)  # with the words, which bundles leave out
    past = Past.before(interactions, as_of)
    settings, fusion = small_config.candidate_gen, loaded.generator.fusion
    generator, _ = fit_generator(past, attributes, settings, small_config.seed, fusion)
    fitted = TwoStage(generator, fit_context(past, attributes, settings), loaded.ranker)
    for user in range(0, len(interactions.users), 5):
        history = interactions.history(user, as_of)
        profile = build_profile(history)
        one, other = fitted.generator.candidates(profile), loaded.generator.candidates(profile)
        for name in ("item_idx", "rank", "score"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_array_equal(fitted.context.features(profile, one), loaded.context.features(profile, other))
        ranked, again = fitted.rank(ListRequest(history, 30)), loaded.rank(ListRequest(history, 30))
        np.testing.assert_array_equal(ranked.item_idx, again.item_idx)
        np.testing.assert_array_equal(ranked.score, again.score)


def test_kernels_rank_as_well_as_plain_numpy_and_lightgbm(small_recommender: Recommender, snapshot) -> None:
    """NDCG@10 on the window after the past, by the kernels and by the plain float path, differs by 0.5 % at most."""
    window, two_stage = snapshot
    labels = collect_labels(small_recommender.table.interactions(), window)
    kernels, plain = [], []
    for row, user in enumerate(labels.user_idx):
        history = small_recommender.table.interactions().history(int(user), window.start)
        if not len(history):
            continue
        ranked = two_stage.rank(ListRequest(history, 10))
        hits = [np.isin(items, labels.of(row)) for items in (ranked.item_idx, _plain_list(two_stage, history))]
        kernels.append(hits[0])
        plain.append(hits[1])
    n_relevant = np.full(len(plain), 10)
    found = ndcg_at_k(np.array(kernels), n_relevant, 10).mean()
    assert found == pytest.approx(ndcg_at_k(np.array(plain), n_relevant, 10).mean(), rel=0.005)
    assert found > 0.05


def _plain_list(two_stage: TwoStage, history: History) -> np.ndarray:
    """The ten best by LightGBM, over features that plain numpy fills."""
    profile = build_profile(history)
    candidates = two_stage.generator.candidates(profile)
    by_name = dict(zip(two_stage.context.names, two_stage.context.features(profile, candidates).T, strict=True))
    by_name |= plain_features.features(profile, candidates, two_stage.context.items)
    rows = np.column_stack([by_name[name] for name in two_stage.context.names])
    assert two_stage.ranker is not None
    scores = two_stage.ranker.booster.predict(rows, num_threads=1)
    return candidates.item_idx[np.argsort(-scores, kind="stable")][:10]
