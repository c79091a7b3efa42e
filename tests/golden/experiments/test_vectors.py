"""Buckets and assignments against vectors computed by another program, and the documentation against both."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from experiments.assignment import Assigner, bucket, fraction
from experiments.config import load_experiments

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs" / "experiments.md").read_text(encoding="utf-8")
VECTORS: dict[str, list[dict[str, Any]]] = json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))
ROW = re.compile(r'^\| `([^`|]+)` \| `("[^`]*")` \| `([0-9a-f]{16})` \| (\S+) \|$', re.MULTILINE)
ASSIGNED = re.compile(r'^\| `("[^`]*")` \| (.+) \| `([^`]+)` \|$', re.MULTILINE)


@pytest.fixture(scope="module")
def assigner() -> Assigner:
    return Assigner(load_experiments(HERE / "sample.toml"))


@pytest.mark.parametrize("vector", VECTORS["buckets"], ids=lambda vector: ascii(f"{vector['salt']}|{vector['unit']}"))
def test_bucket_is_the_golden_one(vector: dict[str, Any]) -> None:
    """A salt and a unit give the same double, to the last bit, as the program that made the vectors."""
    assert bucket(vector["salt"], vector["unit"]) == vector["bucket"]
    assert fraction(bytes.fromhex(vector["bits"])) == vector["bucket"]


@pytest.mark.parametrize("vector", VECTORS["assignments"], ids=lambda vector: ascii(vector["user_id"]))
def test_assignment_is_the_golden_one(vector: dict[str, Any], assigner: Assigner) -> None:
    """A user's payload under the sample file is the one that the other program worked out."""
    assert Assigner.payload(assigner.assign(vector["user_id"])) == vector


def test_vectors_show_every_variant_and_every_way_out() -> None:
    """The vectors reach each variant of the sample file, an override, and a user who is in nothing."""
    placed = [one for vector in VECTORS["assignments"] for one in vector["experiments"]]
    assert {one["variant"] for one in placed} == {
        *("ranked", "retrieval-only", "next-model"),
        *("shown", "hidden"),
        *("all", "available"),
    }
    assert any(one["override"] for one in placed)
    assert any(not vector["experiments"] for vector in VECTORS["assignments"])


def test_documented_python_computes_the_vectors() -> None:
    """The lines that the page offers for copying give every golden bucket."""
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    namespace: dict[str, Any] = {}
    exec(code[1], namespace)
    assert [namespace["bucket"](v["salt"], v["unit"]) for v in VECTORS["buckets"]] == [
        vector["bucket"] for vector in VECTORS["buckets"]
    ]


def test_documented_buckets_are_the_vectors() -> None:
    """Each row of the page's table of buckets is one of the golden vectors."""
    golden = {(v["salt"], v["unit"]): (v["bits"], v["bucket"]) for v in VECTORS["buckets"]}
    rows = {(salt, json.loads(unit)): (bits, float(value)) for salt, unit, bits, value in ROW.findall(PAGE)}
    assert len(rows) >= 10
    assert rows == {key: golden[key] for key in rows}


def test_documented_assignments_are_the_vectors() -> None:
    """The page's table of assignments is the golden one, row for row."""
    rows = [(json.loads(user), places, label) for user, places, label in ASSIGNED.findall(PAGE)]
    assert rows == [
        (vector["user_id"], _places(vector["experiments"]), vector["variant"]) for vector in VECTORS["assignments"]
    ]


def test_documented_payload_is_what_the_service_answers(assigner: Assigner) -> None:
    """The JSON on the page is the payload of the user that it names."""
    block = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    shown = json.loads(block[1])
    assert Assigner.payload(assigner.assign(shown["user_id"])) == shown


def _places(experiments: list[dict[str, Any]]) -> str:
    """A user's experiments as the page writes them."""
    words = [
        f"`{one['experiment']}:{one['variant']}`" + (" (override)" if one["override"] else "") for one in experiments
    ]
    return ", ".join(words) or "nothing"
