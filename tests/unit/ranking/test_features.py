"""Features, by hand and at the edges."""

from dataclasses import fields

import numpy as np
import pandas as pd
import plain_features
import pytest
from scipy.sparse import csr_matrix

from candidate_gen.profile import HALF_LIVES_DAYS, build_profile
from candidate_gen.settings import CandidateConfig
from candidate_gen.sources import SOURCES
from candidate_gen.training import fit_generator
from data.arrays.past import Past
from data.attributes import ItemAttributes
from data.interactions import SECONDS_PER_DAY
from ranking.features import FeatureContext, feature_names
from ranking.features.group import UNRANKED
from ranking.features.user import UserFeatures
from ranking.item_stats import NEVER_DAYS, ROWS, ItemStats
from ranking.training_set import fit_context
from shortlist.ids import IdMap
from shortlist.texts import Texts

N_ITEMS = 6
ALL_SOURCES = tuple(source.name for source in SOURCES)
FEATURES = feature_names(ALL_SOURCES)
CONFIG = CandidateConfig.model_validate({"als": {"factors": 4, "iterations": 2}})


@pytest.fixture
def context() -> FeatureContext:
    """Six items, in two categories of one top category, of two brands; gaps of 50, 20, 30, ... days."""
    arrays = {field.name: np.zeros(N_ITEMS, np.float32) for field in fields(ItemStats)}
    arrays |= {name: np.ones((n_rows, N_ITEMS), np.float32) for name, n_rows in ROWS.items()}
    arrays["day_part"][4, 0] = 3.0
    arrays["gap_days"] = np.array([50, 20, 30, 30, 30, 30], np.float32)
    arrays["price"] = np.array([4, 2, 8, 0, 1, 1], np.float32)
    arrays["category_price"] = np.array([2, 2, 2, 2, 0, 0], np.float32)
    attributes = ItemAttributes(
        categories=IdMap.from_ids(["T", "T > A", "T > B"]),
        parent=np.array([-1, 0, 0], np.int32),
        category=np.array([1, 1, 2, 2, -1, -1], np.int32),
        brand=np.array([0, 1, 0, -1, -1, -1], np.int32),
        price=np.zeros(N_ITEMS, np.float32),
        available=np.ones(N_ITEMS, np.bool_),
        discontinued=np.zeros(N_ITEMS, np.bool_),
        created=np.zeros(N_ITEMS, np.int64),
        titles=Texts.missing(N_ITEMS),
        brands=Texts.missing(2),
        content=csr_matrix((N_ITEMS, 0), dtype=np.float32),
    )
    return FeatureContext.of(ItemStats(**arrays), attributes, ALL_SOURCES)


@pytest.fixture
def columns(context, make_history, make_candidates):
    """The features by name of four candidates, for a user of item 0 on three days and item 1, only viewed, on one."""
    history = make_history(100, [(0, 10, 1, 2), (0, 40, 1, 2), (0, 70, 1, 5), (1, 90, 0.2, 0)])
    matrix = context.features(build_profile(history), make_candidates([0, 1, 2, 4]))
    assert matrix.shape == (4, len(FEATURES))
    assert matrix.dtype == np.float32
    return dict(zip(FEATURES, matrix.T, strict=True))


NEVER = float(NEVER_DAYS)
WEIGHT_0 = 2 ** (-90 / 60) + 2 ** (-60 / 60) + 2 ** (-30 / 60)
WEIGHT_1 = 0.2 * 2 ** (-10 / 60)
SHARE_0 = WEIGHT_0 / (WEIGHT_0 + WEIGHT_1)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("n_events", [3, 1, 0, 0]),
        ("last_days", [30, 10, NEVER, NEVER]),
        ("first_days", [90, 10, NEVER, NEVER]),
        ("gap_days", [30, 0, NEVER, NEVER]),
        ("due_by_own_gap", [30 / 30, 10 / 20, -1, -1]),
        ("due_by_item_gap", [30 / 50, 10 / 20, -1, -1]),
        ("basket_share", [3 / 4, 1 / 4, 0, 0]),
        ("recent_basket_share", [3 / 4, 1 / 1, 0, 0]),
        ("moments_since", [1, 0, NEVER, NEVER]),
        ("streak", [3, 1, 0, 0]),
        ("share_of_last_5", [3 / 4, 1 / 4, 0, 0]),
        ("share_of_last_20", [3 / 4, 1 / 4, 0, 0]),
        ("day_part_match", [0, 0, 0, 0]),
        *(
            (
                f"decayed_{half}d",
                [2 ** (-90 / half) + 2 ** (-60 / half) + 2 ** (-30 / half), 0.2 * 2 ** (-10 / half), 0, 0],
            )
            for half in HALF_LIVES_DAYS
        ),
        ("rank_history", [UNRANKED] * 4),
        ("rank_popular", [1, 2, 3, 4]),
        ("n_sources", [1, 1, 1, 1]),
        ("fused_score", [1 / 61, 1 / 62, 1 / 63, 1 / 64]),
        ("price_to_category", [np.log(2), 0, np.log(4), 0]),
        ("price_to_user", [np.log(4 / 3), np.log(2 / 3), np.log(8 / 3), np.log(1 / 3)]),
        ("category_affinity", [1, 1, 0, 0]),
        ("category_last_days", [10, 10, NEVER, NEVER]),
        ("top_category_affinity", [1, 1, 1, 0]),
        ("top_category_last_days", [10, 10, 10, NEVER]),
        ("brand_affinity", [SHARE_0, 1 - SHARE_0, SHARE_0, 0]),
        ("brand_last_days", [30, 10, 30, NEVER]),
        ("user_n_baskets", [4] * 4),
        ("user_last_days", [10] * 4),
        ("user_gap_days", [80 / 3] * 4),
        ("user_n_items", [2] * 4),
        ("user_items_per_basket", [1] * 4),
        ("user_repeat_share", [0.5] * 4),
        ("user_baskets_28d", [1] * 4),
        ("user_tenure_days", [90] * 4),
    ],
)
def test_feature_by_hand(columns: dict[str, np.ndarray], name: str, wanted: list[float]) -> None:
    """Each feature of a short history is what it says, reckoned by hand."""
    np.testing.assert_allclose(columns[name], wanted, rtol=1e-5, atol=1e-7)


def test_every_feature_has_one_name() -> None:
    """No two columns share a name."""
    assert len(set(FEATURES)) == len(FEATURES)


def test_item_stats_by_hand(make_shop) -> None:
    """Shares, buyers, repeats, gaps, ages and prices of a small log, reckoned by hand."""
    rows = [
        *[("u1", "a", 10, 2.0), ("u1", "a", 40, 4.0), ("u2", "a", 95, 0.0)],
        *[("u2", "b", 96, 10.0), ("u2", "b", 97, 0.0, "view")],
    ]
    catalog = pd.DataFrame({"item_id": ["a", "b", "c"], "category": ["X", "X", "Y"], "price": [9.0, 9.0, 7.0]})
    interactions, attributes = make_shop(rows, catalog.astype({"item_id": "str", "category": "str"}))
    stats = fit_context(Past.before(interactions, 100 * SECONDS_PER_DAY), attributes, CONFIG).stats
    wanted_shares = [[0.5, 0.5, 0], [0.5, 0.5, 0], [2 / 3, 1 / 3, 0]]
    np.testing.assert_allclose(stats.share, np.log1p(10_000 * np.array(wanted_shares)), rtol=1e-6)
    np.testing.assert_allclose(stats.trend, stats.share[0] - stats.share[2])
    np.testing.assert_allclose(stats.buyers_share, np.log1p([1_000, 500, 0]), rtol=1e-6)
    assert (stats.age_days.tolist(), stats.idle_days.tolist()) == ([90, 4, 0], [5, 3, 9_999])
    np.testing.assert_allclose(stats.price, [3, 10, 7])
    np.testing.assert_allclose(stats.category_price, [6.5, 6.5, 7])
    mean_rate, mean_gap = 2 / 5, (30 + 1) / 2
    np.testing.assert_allclose(
        stats.repeat_rate, [(1 + 5 * mean_rate) / 8, (1 + 5 * mean_rate) / 7, mean_rate], rtol=1e-6
    )
    np.testing.assert_allclose(stats.gap_days, [(30 + 5 * mean_gap) / 6, (1 + 5 * mean_gap) / 6, mean_gap], rtol=1e-6)


def test_rhythm_by_hand(make_shop, make_history, make_candidates) -> None:
    """Item a is had at noon, b at midnight and c by nobody: a user of noons is nearer to a."""
    rows = [*[(f"u{n}", "a", n + 0.5) for n in range(20)], *[(f"u{n}", "b", float(n)) for n in range(20)]]
    catalog = pd.DataFrame({"item_id": ["a", "b", "c"]}).astype("str")
    interactions, attributes = make_shop(rows, catalog)
    context = fit_context(Past.before(interactions, 30 * SECONDS_PER_DAY), attributes, CONFIG)
    np.testing.assert_allclose(context.stats.day_part[[0, 4]], [[10 / 20, 30 / 20, 1], [30 / 20, 10 / 20, 1]])
    noons = build_profile(make_history(30, [(1, n + 0.5, 1, 1) for n in range(5)]))
    features = dict(zip(context.names, context.features(noons, make_candidates([0, 1, 2])).T, strict=True))
    wanted = np.log([(5 * 1.5 + 5) / 10, (5 * 0.5 + 5) / 10, 1])
    np.testing.assert_allclose(features["day_part_match"], wanted, rtol=1e-5, atol=1e-7)


LOGS = {
    "one event": [("u1", "a", 50)],
    "all at one second": [(f"u{user}", f"i{item}", 50) for user in range(4) for item in range(user + 1)],
    "price 0": [(f"u{n % 3}", f"i{n % 5}", 10 + n, 0.0) for n in range(30)],
    "a huge and a tiny price": [("u1", "a", 10, 1e30), ("u1", "b", 20, 1e-30), ("u2", "a", 30, 1.0)],
    "years apart": [("u1", "a", 1), ("u1", "a", 15_000), ("u2", "b", 19_000)],
    "views alone": [("u1", "a", 10, 1.0, "view"), ("u2", "b", 20, 1.0, "view"), ("u2", "a", 21, 1.0, "view")],
}


@pytest.mark.parametrize("has_catalog", [True, False])
@pytest.mark.parametrize("name", LOGS)
def test_features_are_always_finite(make_shop, make_history, name: str, has_catalog: bool) -> None:
    """No feature is missing or infinite for any user, the unknown one included, with or without categories."""
    catalog = pd.DataFrame({"item_id": ["a", "i0", "z"], "category": ["A > B", None, "C"], "price": [0.0, None, 3.0]})
    catalog = catalog.astype({"item_id": "str", "category": "str"})
    interactions, attributes = make_shop(LOGS[name], catalog if has_catalog else None)
    as_of = int(interactions.timestamp.max()) + 1
    past = Past.before(interactions, as_of)
    generator, _ = fit_generator(past, attributes, CONFIG, 1)
    context = fit_context(past, attributes, CONFIG)
    histories = [interactions.history(user, as_of) for user in range(len(interactions.users))]
    for history in (*histories, make_history(as_of / SECONDS_PER_DAY, [])):
        profile = build_profile(history)
        candidates = generator.candidates(profile)
        features = context.features(profile, candidates)
        assert len(candidates) > 0
        assert np.isfinite(features).all(), [FEATURES[column] for column in np.where(~np.isfinite(features))[1]]


@pytest.mark.parametrize("seed", range(5))
def test_the_kernels_say_what_plain_numpy_says(make_shop, make_history, seed: int) -> None:
    """Of every user of a drawn shop, and of nobody: each feature by its name, so that none stands in another's row."""
    draw = np.random.default_rng(seed)
    n = 600
    rows = [
        (f"u{user}", f"i{item:02}", day, price, kind)
        for user, item, day, price, kind in zip(
            draw.integers(0, 20, n),
            draw.zipf(1.3, n) % 60,
            draw.integers(0, 90, n) / 1.5,
            np.where(draw.random(n) < 0.2, 0.0, draw.random(n) * 50),
            draw.choice(["purchase", "view"], n),
            strict=True,
        )
    ]
    catalog = pd.DataFrame({"item_id": [f"i{item:02}" for item in range(0, 60, 2)]})
    catalog = catalog.assign(category=draw.choice(["A > B", "A > C", "D"], 30), brand=draw.choice(["x", "y"], 30))
    interactions, attributes = make_shop(rows, catalog.astype("str"))
    as_of = 61 * SECONDS_PER_DAY
    past = Past.before(interactions, as_of)
    generator, _ = fit_generator(past, attributes, CONFIG, 1)
    context = fit_context(past, attributes, CONFIG)
    histories = [interactions.history(user, as_of) for user in range(len(interactions.users))]
    for history in (*histories, make_history(61, [])):
        profile = build_profile(history)
        candidates = generator.candidates(profile)
        found = dict(zip(context.names, context.features(profile, candidates).T, strict=True))
        wanted = plain_features.features(profile, candidates, context.items)
        assert {name for name in found if name not in wanted} == set(UserFeatures().formulas(ALL_SOURCES))
        for name, values in wanted.items():
            np.testing.assert_allclose(found[name], values, rtol=2e-5, atol=2e-6, err_msg=name)


def test_no_candidates_no_rows(context, make_history, make_candidates) -> None:
    """Without candidates there is a matrix without rows."""
    profile = build_profile(make_history(100, [(0, 10, 1, 2)]))
    assert context.features(profile, make_candidates([])).shape == (0, len(FEATURES))
