"""What lists would lose if numbers of a bundle took two bytes instead of four: each kind rounded to float16 in turn.

    .venv/bin/python benchmarks/scale/smaller_types.py --home var-demo [--users 1000]

Rounds one kind of numbers at a time as they are read, and compares the first ten items with those of the whole bundle.
"""

import argparse
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final
from unittest import mock

import numpy as np

from ranking.bundling import load_recommender
from ranking.query import Query
from shortlist.bundle import Bundle
from shortlist.home import Home
from shortlist.registry import Registry

KINDS: Final = ("history_price*", "*_similarity", "als_*factors", "stats_*")
LIMIT: Final = 10


def main() -> None:
    """Print a row for each kind of numbers."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path("var-demo"))
    parser.add_argument("--users", type=int, default=1_000)
    options = parser.parse_args()
    bundle = Registry(Home(options.home)).open("current")
    known = bundle.ids("users")
    drawn = np.random.default_rng(0).choice(len(known), min(options.users, len(known)), replace=False)
    users = known.externals(np.sort(drawn))
    whole = lists_of(bundle, users)
    print(f"bundle {bundle.version}: {len(users):,} users, lists of {LIMIT}")
    for kind in KINDS:
        files = {name: file.size_bytes for name, file in bundle.manifest.files.items() if fnmatch(name, f"{kind}.npy")}
        with mock.patch.object(Bundle, "array", rounding(kind)):
            found = lists_of(bundle, users)
        shared = np.mean([len(set(one) & set(other)) / LIMIT for one, other in zip(whole, found, strict=True)])
        same = np.mean([one == other for one, other in zip(whole, found, strict=True)])
        saved = sum(files.values()) / 2 / 2**20
        print(f"{kind:16s} saves {saved:8.1f} MB; {same:7.2%} of lists are the same, {shared:7.2%} of their items")


def lists_of(bundle: Bundle, users: list[str]) -> list[list[str]]:
    """The first items of each user's list."""
    recommender = load_recommender(bundle)
    return [[item.item_id for item in recommender.recommend(Query(user, limit=LIMIT)).items] for user in users]


def rounding(kind: str) -> Any:
    """A way to read arrays that rounds those of a kind."""
    read = Bundle.array

    def rounded(bundle: Bundle, name: str) -> Any:
        array = read(bundle, name)
        if fnmatch(name, kind) and array.dtype == np.float32:
            return array.astype(np.float16).astype(np.float32)
        return array

    return rounded


if __name__ == "__main__":
    main()
