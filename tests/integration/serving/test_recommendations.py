"""GET /recommendations/{user_id}: what is in the answer."""

import http.client
import json
import re
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest

from ranking.query import Query
from ranking.recommender import Recommender
from ranking.scenarios import SCENARIOS

Serve = Callable[..., httpx.Client]
USER = "user-004"


def item_ids(answer: httpx.Response) -> list[str]:
    return [item["item_id"] for item in answer.json()["items"]]


def test_the_answer_has_the_documented_fields_and_no_others(
    client: httpx.Client, small_recommender: Recommender
) -> None:
    """Fields and their order are those of the design."""
    answer = client.get(f"/recommendations/{USER}").json()
    assert list(answer) == [
        "user_id",
        "recommendation_id",
        "model_version",
        "variant",
        "source",
        "degraded",
        "items",
        "warnings",
    ]
    assert answer["user_id"] == USER
    assert answer["model_version"] == small_recommender.version
    assert (answer["variant"], answer["source"], answer["degraded"], answer["warnings"]) == (
        "control",
        "personalized",
        None,
        [],
    )
    assert [list(item) for item in answer["items"]] == [["item_id", "rank", "score", "reasons"]] * 10


def test_the_list_is_the_recommenders(client: httpx.Client, small_recommender: Recommender) -> None:
    """What is served is what the recommender makes: items, ranks, scores and reasons."""
    query = Query(USER, limit=7, offset=3, categories=("Food",), exclude=("item-004",), in_stock=True)
    expected = small_recommender.recommend(query)
    url = f"/recommendations/{USER}?limit=7&offset=3&category=Food&exclude=item-004&in_stock=true"
    for _ in range(2):  # made, then from the cache
        found = client.get(url).json()["items"]
        assert [(item["item_id"], item["rank"], item["score"], tuple(item["reasons"])) for item in found] == [
            (item.item_id, item.rank, item.score, item.reasons) for item in expected.items
        ]


@pytest.mark.parametrize("spelling", ["limit", "k", "n", "count"])
def test_every_spelling_of_limit_counts(client: httpx.Client, spelling: str) -> None:
    """limit, k, n and count mean the same."""
    assert len(item_ids(client.get(f"/recommendations/{USER}?{spelling}=3"))) == 3


def test_spellings_that_agree_are_taken(client: httpx.Client) -> None:
    """The same value twice is no contradiction."""
    assert len(item_ids(client.get(f"/recommendations/{USER}?limit=3&k=3"))) == 3


@pytest.mark.parametrize("query", ["limit=3&k=4", "limit=3&limit=4", "offset=1&offset=2", "in_stock=1&in_stock=0"])
def test_contradictions_are_refused(client: httpx.Client, query: str) -> None:
    """Different values for one thing are a 422."""
    answer = client.get(f"/recommendations/{USER}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_PARAMETER")


def test_offset_goes_on_where_the_first_page_ended(client: httpx.Client) -> None:
    """Two pages are the list of both, and ranks go on counting."""
    whole = client.get(f"/recommendations/{USER}?limit=10").json()["items"]
    pages = [client.get(f"/recommendations/{USER}?limit=5&offset={offset}").json()["items"] for offset in (0, 5)]
    assert pages[0] + pages[1] == whole


def test_an_unknown_user_gets_what_is_popular(client: httpx.Client) -> None:
    """A user of whom nothing is known gets 200, a full list, and is told where it comes from."""
    answer = client.get("/recommendations/nobody")
    assert answer.status_code == 200
    assert answer.json()["source"] == "popular"
    assert len(item_ids(answer)) == 10
    assert item_ids(answer) == item_ids(client.get("/popular"))


@pytest.mark.parametrize(
    "user_id", ["a/b", "a b", "/", "a/../b", "Zoë", "用户一", "🦉", "a%2Fb", "a+b", "a?b#c", "x" * 256]
)
def test_any_text_is_a_user(client: httpx.Client, user_id: str) -> None:
    """Slashes, spaces, percent signs and every script go through letter by letter."""
    answer = client.get(f"/recommendations/{quote(user_id, safe='')}?limit=1")
    assert answer.status_code == 200
    assert answer.json()["user_id"] == user_id


def test_titles_come_when_asked_for(client: httpx.Client) -> None:
    """With titles, each item of either list has its own; the list is the same, and the cache keeps the two apart."""
    for path in (f"/recommendations/{USER}", "/popular"):
        plain, titled = client.get(path), client.get(f"{path}?titles=true")
        assert item_ids(titled) == item_ids(plain)
        assert all("title" not in item for item in plain.json()["items"])
        for item in titled.json()["items"]:
            assert item["title"] == f"Thing {int(item['item_id'].removeprefix('item-'))}"


def test_explain_adds_contributions_and_passes_the_cache_by(client: httpx.Client) -> None:
    """With explain, items say what moved their score, and nothing comes from or goes into the cache."""
    plain = client.get(f"/recommendations/{USER}")
    explained = client.get(f"/recommendations/{USER}?explain=true")
    assert explained.headers["x-cache"] == "bypass"
    assert all(item["contributions"] for item in explained.json()["items"])
    assert item_ids(explained) == item_ids(plain)
    again = client.get(f"/recommendations/{USER}")
    assert again.headers["x-cache"] == "hit"
    assert "contributions" not in again.json()["items"][0]


def test_filters_are_kept(client: httpx.Client, small_recommender: Recommender) -> None:
    """Categories, exclusions, stock and purchases leave out what they say."""
    first = item_ids(client.get(f"/recommendations/{USER}?limit=20"))
    assert not set(item_ids(client.get(f"/recommendations/{USER}?limit=20&exclude={first[0]}&exclude={first[1]}"))) & {
        *first[:2]
    }
    fruit = item_ids(client.get("/recommendations/" + USER, params={"category": "Food > Fruit", "limit": 20}))
    assert {int(item_id[-3:]) % 4 for item_id in fruit} == {0}
    assert not [item for item in item_ids(client.get("/popular?in_stock=true&limit=100")) if item.endswith("9")]
    history = small_recommender.history(USER)
    bought = set(small_recommender.table.items.externals(history.item_idx[history.is_target]))
    assert bought & set(first)
    assert not bought & set(item_ids(client.get(f"/recommendations/{USER}?limit=20&exclude_purchased=true")))


def test_the_longest_request_allowed_is_answered(client: httpx.Client) -> None:
    """500 exclusions of 256 characters, most of them of two bytes and thus six characters of the URL, fit."""
    query = "&".join(f"exclude={quote(f'{number:03}' + 'é' * 253)}" for number in range(500))
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port or 80, timeout=30)
    connection.request("GET", f"/recommendations/{USER}?{query}")
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    assert (answer.status, len(body["items"])) == (200, 10)


def test_the_order_of_repeated_filters_means_nothing(client: httpx.Client) -> None:
    """The same exclusions in another order are the same request, also to the cache."""
    client.get(f"/recommendations/{USER}?exclude=item-000&exclude=item-002")
    again = client.get(f"/recommendations/{USER}?exclude=item-002&exclude=item-000&exclude=item-002")
    assert again.headers["x-cache"] == "hit"


def test_what_the_caller_should_know_is_in_the_warnings(client: httpx.Client) -> None:
    """A short list, an unknown category, an unknown parameter and unknown items of the session are each named."""
    cases = {
        "category=Nowhere": "Nowhere",
        "category=Food&limit=100": "qualify",
        "colour=red": "colour",
        "session_items=nothing": "session_items",
        "exclude_purchased=true&scenario=buy_again": "No item qualifies",
    }
    for query, word in cases.items():
        answer = client.get(f"/recommendations/{USER}?{query}")
        assert answer.status_code == 200
        assert [warning for warning in answer.json()["warnings"] if word in warning], query
    assert client.get(f"/recommendations/{USER}?scenario=home").json()["warnings"] == []


def test_each_scenario_has_a_list_of_its_own(client: httpx.Client) -> None:
    """No two of one user's seven lists are the same, and each comes from the cache the second time."""
    lists = {}
    for scenario in SCENARIOS:
        answer = client.get(f"/recommendations/{USER}?scenario={scenario}&limit=6")
        assert answer.json()["items"], scenario
        lists[scenario] = tuple(item_ids(answer))
        assert client.get(f"/recommendations/{USER}?scenario={scenario}&limit=6").headers["x-cache"] == "hit"
    assert len(set(lists.values())) == len(SCENARIOS)


def test_recommendation_ids_are_unique_from_the_cache_too(client: httpx.Client) -> None:
    """Ten answers, nine of them cached, have ten ids, and the same list."""
    answers = [client.get(f"/recommendations/{USER}") for _ in range(10)]
    assert [answer.headers["x-cache"] for answer in answers] == ["miss"] + ["hit"] * 9
    assert len({answer.json()["recommendation_id"] for answer in answers}) == 10
    assert all(re.fullmatch("[0-9a-f]{32}", answer.json()["recommendation_id"]) for answer in answers)
    assert len({str(answer.json()["items"]) for answer in answers}) == 1


def test_two_users_never_share_a_cached_list(client: httpx.Client) -> None:
    """The cache keeps users apart."""
    lists = {user: item_ids(client.get(f"/recommendations/{user}")) for user in ("user-000", "user-001")}
    again = {user: item_ids(client.get(f"/recommendations/{user}")) for user in lists}
    assert again == lists
    assert lists["user-000"] != lists["user-001"]


def test_without_a_cache_every_list_is_made(serve: Serve) -> None:
    """A time to live of 0 switches the cache off."""
    client = serve(cache_ttl_seconds=0)
    assert [client.get(f"/recommendations/{USER}").headers["x-cache"] for _ in range(2)] == ["bypass"] * 2
    assert client.get("/health/ready").json()["cache"] is None


def test_popular_can_be_cut_and_filtered(client: httpx.Client) -> None:
    """limit and category count, and the answer is nobody's: no user, no variant."""
    answer = client.get("/popular", params={"limit": 3, "category": "Home"})
    assert len(item_ids(answer)) == 3
    assert {int(item_id[-3:]) % 4 for item_id in item_ids(answer)} <= {2, 3}
    assert "user_id" not in answer.json()
    assert "variant" not in answer.json()
