"""What the pages show."""

import shlex

import pytest
from starlette.datastructures import QueryParams

from console.client import Customer, StorefrontAnswer
from console.filters import Filters, limits_up_to
from console.views import cards_of, curl_of, traffic_of

ANSWER = StorefrontAnswer("http://x/recommendations/a%27b?limit=5", {}, 1.0, "hit")


def item(item_id: str, rank: int) -> dict:
    return {"item_id": item_id, "rank": rank, "contributions": {"n_events": 0.5}}


def test_moves_are_counted_against_stage_one() -> None:
    """Up, down, where it was, and not among the first of stage one."""
    both = {"items": [item("a", 1), item("b", 2), item("c", 3), item("d", 4)]}
    one = {"items": [item("c", 1), item("b", 2), item("a", 9)]}
    cards = cards_of(Customer({}, both, one, ANSWER))
    assert [(card.direction, card.move) for card in cards] == [
        ("up", "8 from place 9"),
        ("same", ""),
        ("down", "2 from place 1"),
        ("new", "not among the first of stage one"),
    ]
    assert cards[0].features == [("n events", 0.5)]


@pytest.mark.parametrize("has_key", [False, True])
def test_the_call_can_be_pasted(*, has_key: bool) -> None:
    """A shell reads the address as it is, and the key from its variable."""
    words = shlex.split(curl_of(ANSWER, has_key=has_key))
    assert words[-1] == ANSWER.url
    assert ("X-API-Key: $SHORTLIST_API_KEY" in words) == has_key


def test_filters_become_the_call_s_parameters() -> None:
    """Excluded items stand behind commas in the form; a limit that is not offered is the usual one."""
    query = QueryParams("limit=20&category= Food &exclude=a, b,,&in_stock=true&exclude_purchased=yes&version=")
    filters = Filters.read(query)
    assert filters.parameters() == [
        *(("limit", "20"), ("category", "Food"), ("exclude", "a"), ("exclude", "b")),
        ("in_stock", "true"),
    ]
    assert filters.version is None
    assert Filters.read(QueryParams("limit=7")) == Filters()


def test_the_form_offers_what_the_service_gives() -> None:
    """No limit is offered, or taken as the usual one, that the service would refuse."""
    assert limits_up_to(20) == (5, 10, 20)
    assert limits_up_to(3) == (3,)
    assert Filters.read(QueryParams("limit=20"), 7).limit == 7
    assert Filters.read(QueryParams("limit=5"), 7).limit == 5
    assert Filters.read(QueryParams(""), 3).limit == 3


def test_traffic_is_read_from_the_metrics() -> None:
    """Requests, errors, the mean time of a list, and the cache's share; without figures there is none."""
    text = (
        '# TYPE shortlist_http_requests_total counter\nshortlist_http_requests_total{status="2xx"} 8\n'
        'shortlist_http_requests_total{status="5xx"} 2\n# TYPE shortlist_cache_hits_total counter\n'
        'shortlist_cache_hits_total{backend="memory"} 3\n# TYPE shortlist_cache_misses_total counter\n'
        'shortlist_cache_misses_total{backend="memory"} 1\n# TYPE shortlist_http_request_seconds histogram\n'
        'shortlist_http_request_seconds_bucket{route="/recommendations/{user_id}",le="+Inf"} 4\n'
        'shortlist_http_request_seconds_count{route="/recommendations/{user_id}"} 4\n'
        'shortlist_http_request_seconds_sum{route="/recommendations/{user_id}"} 0.02\n'
    )
    traffic = traffic_of(text)
    assert (traffic.n_requests, traffic.n_errors, traffic.cache_share) == (10, 2, 75)
    assert traffic.mean_milliseconds == pytest.approx(5)
    assert traffic_of("").mean_milliseconds is None
