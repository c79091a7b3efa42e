"""The one path that produces a list."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from candidate_gen.settings import CandidateConfig
from candidate_gen.training import fit_generator
from data.arrays.histories import UNKNOWN_USER
from data.arrays.history_table import HistoryTable
from data.arrays.past import Past
from data.interactions import History
from data.store import read_events
from offline_eval.stages import STAGE_ONE, TWO_STAGE, own_stages
from ranking.explanations import BOUGHT, FILLER, N_CONTRIBUTIONS, REASONS
from ranking.query import NOBODY, Query, Recommendation
from ranking.recommender import Recommender
from ranking.training_set import fit_context
from ranking.two_stage import TwoStage
from shortlist.home import Home

CONFIG = CandidateConfig.model_validate({"als": {"factors": 4, "iterations": 2}})
USERS = ("user-000", "user-001", "nobody")


def ids(recommendation: Recommendation) -> list[str]:
    """The items of a list."""
    return [item.item_id for item in recommendation.items]


def number(item_id: str) -> int:
    """The number in an item's name, which decides its category and stock."""
    return int(item_id.removeprefix("item-"))


@pytest.fixture(scope="module")
def viewer(make_shop) -> Recommender:
    """A shop without a ranker, in which user u1 bought a, and viewed b."""
    rows = [(f"u{user}", item, 10 + user + place) for user in range(2, 9) for place, item in enumerate("abcd")]
    rows += [("u1", "a", 30), ("u1", "b", 31, 1.0, "view")]
    catalog = pd.DataFrame({"item_id": list("abcde"), "category": ["A > B", "A > B > C", "A > D", "AB", None]})
    interactions, attributes = make_shop(rows, catalog.astype("str"))
    as_of = 40 * 86_400
    past = Past.before(interactions, as_of)
    generator, _ = fit_generator(past, attributes, CONFIG, 1)
    stages = TwoStage(generator, fit_context(past, attributes, CONFIG), None)
    return Recommender("v", HistoryTable.of(interactions), attributes, stages, as_of)


@pytest.mark.parametrize("query", [Query("u1"), Query("u1", in_stock=True), Query("nobody"), Query("u1", limit=4)])
def test_discontinued_items_are_never_shown(viewer: Recommender, query: Query) -> None:
    """Filters or not, known user or not, what is discontinued is in no list."""
    assert "c" in ids(viewer.recommend(query))
    gone = np.zeros(len(viewer.table.items), dtype=np.bool_)
    gone[viewer.table.items.position("c")] = True
    attributes = replace(viewer.attributes, discontinued=gone)
    without = Recommender("v", viewer.table, attributes, viewer.two_stage, viewer.as_of)
    assert set(ids(without.recommend(query))) == {"a", "b", "d", "e"}


@pytest.mark.parametrize("stage", [TWO_STAGE, STAGE_ONE])
def test_what_is_evaluated_is_the_path_of_requests(viewer: Recommender, stage: str) -> None:
    """A list under evaluation is the request's, and what is discontinued is in neither."""
    gone = np.zeros(len(viewer.table.items), dtype=np.bool_)
    gone[viewer.table.items.position("c")] = True
    attributes = replace(viewer.attributes, discontinued=gone)
    recommender = Recommender("v", viewer.table, attributes, viewer.two_stage, viewer.as_of)
    (system,) = (one for one in own_stages(recommender) if one.name == stage)
    listed = system.ranking(recommender.history("u1"), 3, None)
    asked = recommender.recommend(Query("u1", limit=3, stage=system.stage))
    assert viewer.table.items.externals(listed) == ids(asked)
    assert "c" not in ids(asked)


def test_histories_come_from_where_the_recommender_is_told(viewer: Recommender) -> None:
    """A list is that of the history found, of a user whom the bundle does not know, too."""

    class Borrowed:
        unknown = UNKNOWN_USER

        def of(self, user_id: str) -> History | None:
            return viewer.history("u1") if user_id == "new" else None

        def mark(self, user_id: str) -> str:
            return user_id

    told = viewer.with_histories(Borrowed())
    assert ids(told.recommend(Query("new", limit=3))) == ids(viewer.recommend(Query("u1", limit=3)))
    assert told.recommend(Query("new", limit=3)).warnings == ()
    assert told.recommend(Query("u1", limit=3)).warnings == ("The user is unknown: the list holds what is popular.",)


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("stage", ["full", "retrieval"])
def test_list_is_full_and_counts_from_one(small_recommender: Recommender, user: str, stage) -> None:
    """Ten items come, ranked 1 to 10, with falling scores and a reason each."""
    found = small_recommender.recommend(Query(user, stage=stage))
    assert [item.rank for item in found.items] == list(range(1, 11))
    scores = [item.score for item in found.items]
    assert scores == sorted(scores, reverse=True)
    assert len(set(ids(found))) == 10
    assert all(item.reasons and set(item.reasons) <= {*REASONS.values(), BOUGHT, FILLER} for item in found.items)
    assert found.source == ("popular" if user == "nobody" else "personalized")
    assert found.warnings == (("The user is unknown: the list holds what is popular.",) if user == "nobody" else ())


def test_nothing_to_explain_is_no_error(small_recommender: Recommender) -> None:
    """An explanation of a list without an item is empty."""
    found = small_recommender.recommend(Query("user-001", categories=("None",), explain=True))
    assert found.items == ()


def test_ids_are_trimmed_at_the_door(viewer: Recommender) -> None:
    """Blanks around an id mean nothing, in the user as in what is excluded; the id comes back as it was sent."""
    found = viewer.recommend(Query(" u1 ", exclude=(" c",)))
    assert ids(found) == ids(viewer.recommend(Query("u1", exclude=("c",))))
    assert (found.user_id, found.source, found.warnings[1:]) == (" u1 ", "personalized", ())


def test_an_unknown_id_is_told(viewer: Recommender) -> None:
    """What is excluded and unknown is named, with what to do where it looks like several."""
    (several, one, *_) = viewer.recommend(Query("u1", exclude=("a,b", "zz"), limit=3)).warnings
    assert "'a,b'" in several
    assert "exclude=A&exclude=B" in several
    assert one == "No item has the id 'zz' that exclude names."
    assert viewer.recommend(Query(NOBODY, limit=3)).warnings == ()


@pytest.mark.parametrize("user", USERS)
def test_pages_are_parts_of_the_long_list(small_recommender: Recommender, user: str) -> None:
    """Every page holds, rank and score included, what the long list holds in its places, to the last item."""
    for query in (Query(user, limit=122), Query(user, limit=90, in_stock=True, categories=("Food",))):
        long = small_recommender.recommend(query)
        parts = [
            small_recommender.recommend(
                Query(user, limit=7, offset=offset, in_stock=query.in_stock, categories=query.categories)
            )
            for offset in range(0, len(long.items) + 7, 7)
        ]
        assert tuple(item for part in parts for item in part.items) == long.items
        assert parts[-1].warnings[-1] == f"Only {len(long.items)} items qualify."


def test_category_holds_what_is_below_it(small_recommender: Recommender) -> None:
    """A top category holds its sub-categories, several categories are joined, and the list stays full."""
    food = small_recommender.recommend(Query("user-000", limit=20, categories=("Food",)))
    assert {number(one) % 4 for one in ids(food)} <= {0, 1}
    assert len(food.items) == 20
    fruit = small_recommender.recommend(Query("user-001", limit=20, categories=("Food > Fruit",)))
    assert {number(one) % 4 for one in ids(fruit)} == {0}
    both = small_recommender.recommend(Query("user-000", limit=122, categories=("Food > Fruit", "Home > Garden")))
    assert {number(one) % 4 for one in ids(both)} == {0, 3}
    assert len(both.items) == 61


def test_categories_are_paths_and_not_texts(viewer: Recommender) -> None:
    """A category whose name begins like another's is not below it; an item without one is in none."""
    in_a = viewer.recommend(Query("u1", limit=9, categories=("A",)))
    assert sorted(ids(in_a)) == ["a", "b", "c"]
    assert sorted(ids(viewer.recommend(Query("u1", categories=("A > B",))))) == ["a", "b"]
    assert sorted(ids(viewer.recommend(Query("u1", categories=("AB",))))) == ["d"]


def test_unknown_category_is_said(small_recommender: Recommender) -> None:
    """An unknown category gives no item and says so; beside a known one it only says so."""
    alone = small_recommender.recommend(Query("user-000", categories=("Nowhere",)))
    assert alone.items == ()
    assert alone.warnings[0] == "No item is in the category 'Nowhere'."
    beside = small_recommender.recommend(Query("user-000", categories=("Nowhere", "Food")))
    assert len(beside.items) == 10
    assert beside.warnings == ("No item is in the category 'Nowhere'.",)


def test_out_of_stock_is_left_out(small_recommender: Recommender) -> None:
    """With `in_stock` no item comes that is not available, and the list stays full."""
    for user in USERS:
        found = small_recommender.recommend(Query(user, limit=100, in_stock=True))
        assert len(found.items) == 100
        assert all(number(one) % 10 != 9 for one in ids(found))


def test_excluded_items_never_come(small_recommender: Recommender) -> None:
    """Named items are left out, the next ones move up, and unknown names do no harm."""
    first = ids(small_recommender.recommend(Query("user-000", limit=12, stage="retrieval")))
    again = small_recommender.recommend(
        Query("user-000", limit=120, exclude=(first[0], first[3], "no such item", "\ud800"))
    )
    assert len(again.items) == 120
    assert not {first[0], first[3]} & set(ids(again))


def test_purchased_and_seen(viewer: Recommender) -> None:
    """What was bought and what was only looked at are told apart."""
    assert "a" in ids(viewer.recommend(Query("u1")))
    assert sorted(ids(viewer.recommend(Query("u1", exclude_purchased=True)))) == ["b", "c", "d", "e"]
    assert sorted(ids(viewer.recommend(Query("u1", exclude_seen=True)))) == ["c", "d", "e"]
    assert len(viewer.recommend(Query("nobody", exclude_seen=True)).items) == 5


def test_seen_in_the_small_shop(small_recommender: Recommender, small_home: Home) -> None:
    """With `exclude_seen` nothing comes that the user's events name, and the list stays full."""
    events = read_events(small_home)
    seen = set(events.loc[events["user_id"] == "user-000", "item_id"])
    found = small_recommender.recommend(Query("user-000", exclude_seen=True, limit=30))
    assert len(found.items) == 30
    assert not seen & set(ids(found))


@pytest.mark.parametrize("user", ["nobody", "", "\ud800", "x" * 10_000, "user-000\x00"])
def test_unknown_users_get_what_is_popular(small_recommender: Recommender, user: str) -> None:
    """Any string that is no known user gets the popular list, which says so."""
    found = small_recommender.recommend(Query(user))
    assert (found.source, found.user_id) == ("popular", user)
    assert all(item.reasons == ("popular",) for item in found.items)


def test_reasons_name_what_is_true(small_recommender: Recommender, small_home: Home) -> None:
    """ "bought_before" stands at items that the user bought and at no other."""
    events = read_events(small_home)
    seen = set(events.loc[events["user_id"] == "user-010", "item_id"])
    found = small_recommender.recommend(Query("user-010", limit=122))
    for item in found.items:
        assert ("bought_before" in item.reasons) == (item.item_id in seen)


def test_explanation_adds_contributions_and_changes_nothing(small_recommender: Recommender) -> None:
    """`explain` names, for each ranked item, the features that moved it most; the list itself is the same."""
    plain = small_recommender.recommend(Query("user-005", limit=122))
    explained = small_recommender.recommend(Query("user-005", limit=122, explain=True))
    for one, other in zip(plain.items, explained.items, strict=True):
        assert (one.item_id, one.rank, one.score, one.reasons) == (
            *(other.item_id, other.rank, other.score),
            other.reasons,
        )
        assert one.contributions == {}
        assert set(other.contributions) <= set(small_recommender.two_stage.context.names)
    strongest = [item.contributions for item in explained.items]
    assert all(len(one) == N_CONTRIBUTIONS for one in strongest[:10])
    sizes = [[abs(value) for value in one.values()] for one in strongest]
    assert all(size == sorted(size, reverse=True) for size in sizes)


def test_nothing_to_explain_without_a_ranker(small_recommender: Recommender, viewer: Recommender) -> None:
    """A popular list and a shop without a ranker have no contributions, and no error."""
    for recommender, user in ((small_recommender, "nobody"), (viewer, "u1")):
        found = recommender.recommend(Query(user, explain=True, limit=5))
        assert [item.contributions for item in found.items] == [{}] * 5


def test_retrieval_list_is_not_explained_by_the_ranker(small_recommender: Recommender) -> None:
    """The order of stage one alone owes nothing to the ranker, so no feature is named for it."""
    found = small_recommender.recommend(Query("user-005", explain=True, stage="retrieval"))
    assert [item.contributions for item in found.items] == [{}] * 10
