"""What the pages show, made from what the service and the home say."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

from console.client import Customer, StorefrontAnswer

PERCENT: Final = 100.0


@dataclass(frozen=True, slots=True)
class Card:
    """One item of a list.

    Attributes
    ----------
    move : str
        Where stage one alone has it, in words; empty when it is at the same place.
    direction : str
        ``up``, ``down``, ``new`` or ``same``.
    features : sequence of (str, float)
        What moved it most, in log-odds.
    """

    item: Mapping[str, Any]
    move: str
    direction: str
    features: Sequence[tuple[str, float]]


def cards_of(customer: Customer) -> list[Card]:
    """The list of both stages, each item with its place in stage one."""
    ranks = {item["item_id"]: item["rank"] for item in customer.stage_one["items"]}
    return [_card(item, ranks.get(item["item_id"])) for item in customer.both_stages["items"]]


def _card(item: Mapping[str, Any], stage_one_rank: int | None) -> Card:
    features = [(name.replace("_", " "), value) for name, value in item["contributions"].items()]
    if stage_one_rank is None:
        return Card(item, "not among the first of stage one", "new", features)
    moved = stage_one_rank - item["rank"]
    if not moved:
        return Card(item, "", "same", features)
    return Card(item, f"{abs(moved)} from place {stage_one_rank}", "up" if moved > 0 else "down", features)


def in_words(reason: str) -> str:
    """A reason as people say it.

    >>> in_words("bought_before")
    'Bought before'
    """
    return reason.replace("_", " ").capitalize()


def curl_of(answer: StorefrontAnswer, *, has_key: bool) -> str:
    """The storefront's request as a line for a shell, the key as a variable."""
    key = """-H 'X-API-Key: '"$SHORTLIST_API_KEY" """ if has_key else ""
    return f"curl -s {key}{shlex.quote(answer.url)}"


def json_of(answer: StorefrontAnswer) -> str:
    """The storefront's answer, indented."""
    return json.dumps(answer.content, indent=2, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the service did since its start: requests, errors, mean milliseconds of a list, and the cache's share."""

    n_requests: int
    n_errors: int
    mean_milliseconds: float | None
    cache_share: float | None


def traffic_of(metrics: str) -> Traffic:
    """Read Prometheus text."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            for name in (sample.name, f"{sample.name}:{sample.labels.get('status') or sample.labels.get('route')}"):
                sums[name] = sums.get(name, 0.0) + sample.value
    lists = "shortlist_http_request_seconds_{}:/recommendations/{{user_id}}"
    n_lists, seconds = sums.get(lists.format("count"), 0.0), sums.get(lists.format("sum"), 0.0)
    hits, misses = (sums.get(f"shortlist_cache_{name}_total", 0.0) for name in ("hits", "misses"))
    return Traffic(
        n_requests=int(sums.get("shortlist_http_requests_total", 0.0)),
        n_errors=int(sums.get("shortlist_http_requests_total:5xx", 0.0)),
        mean_milliseconds=1000 * seconds / n_lists if n_lists else None,
        cache_share=PERCENT * hits / (hits + misses) if hits + misses else None,
    )
