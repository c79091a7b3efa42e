"""`shortlist recommend`."""

import os
from pathlib import Path

import click
import numpy as np

from pipelines.batch import SUFFIXES, Wanted, all_user_ids, make_lists, read_user_ids, write_lists
from pipelines.options import config_option, exits, home_option, json_option, print_json
from pipelines.settings import read_config
from pipelines.spark_lists import make_lists_on_cluster
from ranking.bundling import load_recommender
from ranking.two_stage import Stage
from shortlist.cluster import cluster, running_cluster
from shortlist.errors import DataError
from shortlist.home import Home
from shortlist.ids import MISSING
from shortlist.progress import ConsoleReporter
from shortlist.registry import Registry
from shortlist.room import Need, require_room


def _output(_context: click.Context, _parameter: click.Parameter, path: Path) -> Path:
    if path.suffix not in SUFFIXES:
        raise click.BadParameter(f"{path}: must end in {' or '.join(SUFFIXES)}.")
    return path


@click.command("recommend")
@click.option(
    "--users", required=True, help="`all`, or a file of user ids: .txt, or .csv, .parquet, .jsonl with user_id."
)
@click.option("--k", type=click.IntRange(1, 1_000), default=20, show_default=True, help="Items for each user.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    callback=_output,
    help="The file to write: .parquet or .csv.",
)
@click.option(
    "--stage",
    type=click.Choice(["full", "retrieval"]),
    default="full",
    show_default=True,
    help="Both stages, or the first.",
)
@click.option("--exclude-seen", is_flag=True, help="Leave out items that the user had to do with before.")
@click.option("--titles", is_flag=True, help="Add a column title, empty where the catalogue has none.")
@click.option("--version", default="current", show_default=True, help="A version's name, `latest` or `current`.")
@home_option
@config_option
@json_option
@exits
def recommend_command(
    users: str,
    k: int,
    out: Path,
    stage: Stage,
    version: str,
    home: Home,
    config_path: Path | None,
    *,
    exclude_seen: bool,
    titles: bool,
    as_json: bool,
) -> None:
    """Write lists for many users: user_id, item_id, rank (from 1), score, source.

    A user that the bundle does not know gets what is popular; `source` says so.
    """
    reporter = ConsoleReporter()
    require_room(out.parent, Need(), "the writing of lists")
    bundle, wanted = Registry(home).open(version), Wanted(k, stage, exclude_seen=exclude_seen, titles=titles)
    recommender = load_recommender(bundle, num_threads=os.cpu_count() or 1)
    if users == "all":
        user_ids, n_unknown = all_user_ids(recommender), 0
        n_users = sum(1 for _ in all_user_ids(recommender))
    else:
        named = _named_users(Path(users))
        n_users, user_ids = len(named), iter(named)
        positions = recommender.table.users.positions(named)
        n_unknown = int(np.count_nonzero(positions == MISSING))
    with cluster(read_config(config_path).spark):
        if running_cluster() is None:
            lists = make_lists(recommender, reporter.track(user_ids, n_users, "lists"), wanted)
        else:
            lists = make_lists_on_cluster(bundle.folder, user_ids, wanted, out.parent, reporter)
        n_rows = write_lists(lists, wanted, out)
    if as_json:
        counts = {"n_users": n_users, "n_unknown": n_unknown, "n_rows": n_rows}
        print_json({"version": recommender.version, **counts, "out": str(out)})
    else:
        click.echo(f"Wrote {n_rows:,} rows for {n_users:,} users to {out} (model {recommender.version}).")
        if n_unknown:
            click.echo(f"{n_unknown:,} of the {n_users:,} users are unknown to the model and get what is popular.")


def _named_users(path: Path) -> list[str]:
    if not path.is_file():
        raise DataError(f"{path}: no such file. Name a file of user ids, or say --users all.")
    return read_user_ids(path)
