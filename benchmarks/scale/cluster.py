"""What Spark's three steps take beside those of this machine, on one home: the sorted log, the factors, batch lists.

    .venv-spark/bin/python benchmarks/scale/cluster.py --home var-demo [--master 'local[2]'] [--users 20000]

Each step is done once without Spark and once with it; what comes out is compared number for number.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from candidate_gen.sources.als import fit_als
from data.arrays.past import Past
from data.arrays.table_files import tables_of_work
from data.catalog import read_items
from data.log.fingerprint import EventsDigest
from data.log.scan import sorted_log
from pipelines.batch import Wanted, all_user_ids, make_lists
from pipelines.settings import Config, read_config
from pipelines.shops import read_shop
from pipelines.spark_lists import make_lists_on_cluster
from ranking.bundling import load_recommender
from shortlist.cluster import SparkConfig, cluster, running_cluster
from shortlist.hashing import content_sha256
from shortlist.home import Home
from shortlist.progress import SilentReporter
from shortlist.registry import Registry

SAYS = SilentReporter()


def main() -> None:
    """Print a row for each step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path("var-demo"))
    parser.add_argument("--config", type=Path)
    parser.add_argument("--master", default=f"local[{os.cpu_count()}]")
    parser.add_argument("--users", type=int, default=20_000)
    options = parser.parse_args()
    home, config = Home(options.home), read_config(options.config)
    past = known_past(home, config)
    steps: dict[str, Callable[[], str]] = {
        "sorted log": lambda: scanned(home),
        "ALS, one fit": lambda: fitted(past, config),
        f"lists of {options.users:,} users": lambda: listed(home, options.users),
    }
    for name, step in steps.items():
        alone, together = timed(step, ""), timed(step, options.master)
        same = "the same" if alone[1] == together[1] else "NOT the same"
        print(f"{name:24s} {alone[0]:8.1f} s alone {together[0]:8.1f} s on {options.master}: {same}", flush=True)


def timed(step: Callable[[], str], master: str) -> tuple[float, str]:
    """The seconds of a step, without those of Spark's start, and the hash of what came out."""
    with cluster(SparkConfig(master=master)):
        begin = time.perf_counter()
        found = step()
        return time.perf_counter() - begin, found


def scanned(home: Home) -> str:
    """All events, user by user."""
    digest = EventsDigest()
    with sorted_log(home) as log:
        for events in log.batches():
            digest.update(events)
    return digest.hexdigest()


def known_past(home: Home, config: Config) -> Past:
    """What models are fitted on: of a large log, its sample."""
    with tables_of_work(home):
        shop, facts = read_shop(home, read_items(home), config, SAYS)
    return Past.before(shop.interactions, int(facts.end.timestamp()))


def fitted(past: Past, config: Config) -> str:
    """Item factors with the configured weights."""
    return content_sha256(fit_als(past, config.candidate_gen.als, config.seed).item_factors.tolist())


def listed(home: Home, n_users: int) -> str:
    """Lists of ten for the first users."""
    bundle, wanted = Registry(home).open("current"), Wanted(10)
    recommender = load_recommender(bundle)
    users = [user for user, _ in zip(all_user_ids(recommender), range(n_users), strict=False)]
    with tempfile.TemporaryDirectory() as folder:
        lists = (
            make_lists(recommender, users, wanted)
            if running_cluster() is None
            else make_lists_on_cluster(bundle.folder, users, wanted, Path(folder), SAYS)
        )
        return content_sha256([item for table in lists for item in table.column("item_id").to_pylist()])


if __name__ == "__main__":
    main()
