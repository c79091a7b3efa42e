"""`shortlist synth`."""

from dataclasses import asdict
from pathlib import Path

import click

from data.sources import read_sources
from data.synthetic.shop import ShopPlan
from data.synthetic.truth import TasteShare, taste_share
from data.synthetic.writing import write_shop
from pipelines.options import config_option, exits, home_option, json_option, next_command, print_json
from shortlist.home import Home
from shortlist.progress import ConsoleReporter
from shortlist.room import Need, require_room

BYTES_PER_EVENT = 16
BYTES_PER_USER = 20
BYTES_PER_ITEM = 600


@click.command("synth")
@click.option("--users", "n_users", type=click.IntRange(1), default=100_000, show_default=True, help="Shoppers.")
@click.option("--items", "n_items", type=click.IntRange(20), default=10_000, show_default=True, help="Items.")
@click.option(
    "--events-per-user", type=click.FloatRange(1.0), default=20.0, show_default=True, help="Events of each, on average."
)
@click.option("--days", "n_days", type=click.IntRange(28), default=365, show_default=True, help="Length of the log.")
@click.option("--seed", type=click.IntRange(0), default=42, show_default=True, help="The same seed, the same shop.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Its folder.  [default: HOME/synthetic]")
@click.option(
    "--check",
    "lists",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Make nothing: say how much of these lists (of `recommend --out`) is of the tastes planted in --out.",
)
@home_option
@config_option
@json_option
@exits
def synth_command(
    out: Path | None, lists: Path | None, home: Home, config_path: Path | None, *, as_json: bool, **plan: float
) -> None:
    """Make up a shop of any size: shoppers of planted tastes, items, categories, prices and events, as Parquet.

    Sales are skewed, staples are bought in cycles, there are seasons, trends, and items nobody has had. A run that was
    stopped goes on where it stood.
    """
    del config_path
    folder = out or home.root / "synthetic"
    if lists is not None:
        share = taste_share(read_sources([lists])[0].rows, folder)
        print_json(asdict(share)) if as_json else click.echo(_said(share))
        return
    made = ShopPlan.model_validate(plan)
    disk = made.n_users * (BYTES_PER_USER + int(made.events_per_user * BYTES_PER_EVENT)) + made.n_items * BYTES_PER_ITEM
    require_room(folder, Need(disk=disk // 2), "a synthetic shop")
    write_shop(made, folder, ConsoleReporter())
    if as_json:
        print_json({**made.model_dump(mode="json"), "out": str(folder)})
        return
    click.echo(f"Made {made.n_users:,} shoppers, {made.n_items:,} items and what they bought in {folder}.")
    files = (f"--events={folder / 'events'}", f"--items={folder / 'items.parquet'}", f"--users={folder / 'users'}")
    click.echo(f"Next: {next_command(home, 'import', *files)}")


def _said(share: TasteShare) -> str:
    return (
        f"{share.own:.1%} of {share.n_rows:,} items in the lists of {share.n_users:,} shoppers are of the shopper's "
        f"own tastes ({share.strongest:.1%} of the strongest one); as they sell, {share.by_chance:.1%}."
    )
