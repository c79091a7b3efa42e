"""What lists of each scenario hold."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from candidate_gen.settings import CandidateConfig
from candidate_gen.training import fit_generator
from data.arrays.history_table import HistoryTable
from data.arrays.past import Past
from ranking.query import NOBODY, Query, Recommendation
from ranking.recommender import Recommender
from ranking.scenarios import MIN_NEW, SCENARIOS, ScenarioName, are_new
from ranking.training_set import fit_context
from ranking.two_stage import TwoStage

CONFIG = CandidateConfig.model_validate({"als": {"factors": 4, "iterations": 2}})
DAY = 86_400
AS_OF = 100 * DAY


@pytest.fixture(scope="module")
def shop(make_shop) -> Recommender:
    """Bread and butter, tea and milk, are bought together; of late everybody buys ice; u1 looks, too."""
    rows = []
    for user in range(2, 30):
        pair = ("bread", "butter") if user % 2 else ("tea", "milk")
        rows += [(f"u{user}", item, day) for day in (20 + user, 55 + user % 20) for item in pair]
    rows += [(f"u{user}", "ice", 97) for user in range(2, 12)]
    rows += [("u1", "bread", 30), ("u1", "tea", 60), ("u1", "milk", 90, 1.0, "view"), ("u1", "ice", 95, 1.0, "view")]
    catalog = pd.DataFrame({"item_id": ["bread", "butter", "tea", "milk", "ice", "stone"], "category": list("AABBCC")})
    interactions, attributes = make_shop(rows, catalog.astype("str"))
    past = Past.before(interactions, AS_OF)
    generator, _ = fit_generator(past, attributes, CONFIG, 1)
    stages = TwoStage(generator, fit_context(past, attributes, CONFIG), None)
    weights = {"purchase": 1.0, "view": 0.1}
    return Recommender("v", HistoryTable.of(interactions), attributes, stages, AS_OF, weights=weights)


def asked(shop: Recommender, scenario: ScenarioName, user_id: str = "u1", **wanted: object) -> Recommendation:
    """One list."""
    return shop.recommend(replace(Query(user_id, scenario=scenario), **wanted))


def ids(found: Recommendation) -> list[str]:
    """Its items."""
    return [item.item_id for item in found.items]


def test_buy_again_holds_what_was_bought_and_nothing_else(shop: Recommender) -> None:
    """The list is short where little was bought, and says so; what was looked at is not in it."""
    found = asked(shop, "buy_again")
    assert sorted(ids(found)) == ["bread", "tea"]
    assert all("bought_before" in item.reasons for item in found.items)
    assert found.warnings == ("Only 2 items qualify.",)
    assert not ids(asked(shop, "buy_again", exclude_purchased=True))


def test_recently_viewed_has_the_last_look_first(shop: Recommender) -> None:
    """What was looked at, not what was bought; items of the running visit before all others."""
    found = asked(shop, "recently_viewed")
    assert ids(found) == ["ice", "milk"]
    assert {item.reasons for item in found.items} == {("seen_before",)}
    assert ids(asked(shop, "recently_viewed", session_items=("stone",))) == ["stone", "ice", "milk"]


def test_who_only_buys_has_recently_viewed_what_was_bought(shop: Recommender) -> None:
    """Where no looks are known."""
    assert ids(asked(shop, "recently_viewed", "u2")) == ["ice", "milk", "tea"]


@pytest.mark.parametrize("scenario", ["product", "basket"])
def test_what_goes_with_an_item(shop: Recommender, scenario: ScenarioName) -> None:
    """The item's companion leads, the item itself is not in the list, whoever asks."""
    for user_id in ("u1", "somebody"):
        found = asked(shop, scenario, user_id, session_items=("bread",))
        assert ids(found)[0] == "butter"
        assert "bread" not in ids(found)
        assert not found.warnings or found.warnings[0].startswith("Only")


def test_a_product_page_is_about_the_last_item_and_a_basket_about_all(shop: Recommender) -> None:
    """Of two items in the session, both are left out beside a basket, one beside a product."""
    session = ("tea", "bread")
    assert "tea" in ids(asked(shop, "product", session_items=session))
    assert not {"tea", "bread"} & set(ids(asked(shop, "basket", session_items=session)))


def test_without_items_the_last_one_stands_for_them(shop: Recommender) -> None:
    """The user's last item was ice."""
    assert "ice" not in ids(asked(shop, "product"))
    assert "ice" not in ids(asked(shop, "basket"))


def test_unknown_items_are_not_replaced_by_the_users_own(shop: Recommender) -> None:
    """A product page of an item that the bundle does not know shows what is popular, and says why."""
    found = asked(shop, "product", session_items=("novelty",))
    assert found.source == "popular"
    assert found.warnings[0] == "No item has the id 'novelty' that session_items names."


def test_trending_is_what_rises(shop: Recommender) -> None:
    """Ice leads for everybody; what does not rise follows by popularity."""
    for user_id in ("u1", "somebody"):
        found = asked(shop, "trending", user_id)
        assert ids(found)[0] == "ice"
        assert found.items[0].reasons == ("trending",)
        assert len(found.items) == 6


def test_what_is_new() -> None:
    """By the catalogue's date, else by the first event; at least a hundred items where any are dated."""
    n = 3 * MIN_NEW
    age_days = np.zeros(n, dtype=np.float32)
    created = np.arange(n, dtype=np.int64) * DAY
    created[-1] = 0
    new = are_new(created, age_days, n * DAY)
    assert new.sum() == MIN_NEW
    assert not new[-1]
    assert new[n - 1 - MIN_NEW : -1].all()
    assert are_new(created, np.where(created == 0, np.float32(1), age_days), n * DAY)[-1]
    assert not are_new(np.zeros(n, dtype=np.int64), age_days, n * DAY).any()


def test_new_holds_only_what_is_new(shop: Recommender) -> None:
    """Of the catalogue's dates, the last thirty days; what has been there for long is not in the list."""
    created = np.full(6, AS_OF - 80 * DAY)
    created[shop.table.items.position("stone")] = AS_OF - DAY
    attributes = replace(shop.attributes, created=created)
    fresh = Recommender("v", shop.table, attributes, shop.two_stage, AS_OF)
    assert "stone" in ids(asked(fresh, "new"))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_list_obeys_the_filters(shop: Recommender, scenario: ScenarioName) -> None:
    """Whoever asks, and whatever fills the list up."""
    for user_id in ("u1", "u2", "somebody", NOBODY):
        found = asked(shop, scenario, user_id, categories=("A", "C"), exclude=("ice", "bread"), limit=5)
        assert set(ids(found)) <= {"butter", "stone"}
        again = asked(shop, scenario, user_id, categories=("A", "C"), exclude=("ice", "bread"), limit=5)
        assert ids(again) == ids(found)


@pytest.mark.parametrize("scenario", ["buy_again", "recently_viewed"])
def test_an_unknown_user_has_no_items_of_their_own(shop: Recommender, scenario: ScenarioName) -> None:
    """The list is empty and says why; what is popular would not be what was asked for."""
    found = asked(shop, scenario, "somebody")
    assert not found.items
    assert found.warnings == ("The user is unknown: the list holds nothing.", "No item qualifies.")
