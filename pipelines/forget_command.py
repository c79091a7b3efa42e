"""`shortlist forget`."""

from datetime import UTC, datetime

import click

from data.forgetting import Receipt, begin_forgetting, finish_forgetting, receipt_json
from data.searching import Mention, find_mentions
from pipelines.options import config_option, exits, home_option, json_option, print_json
from shortlist.errors import ConfigError, ShortlistError
from shortlist.home import Home


class StillNamed(ShortlistError):
    """Something in the home names a user, and is not hidden."""

    code = "STILL_NAMED"


@click.command("forget")
@click.argument("user", required=False)
@click.option("--verify", "is_verified", is_flag=True, help="Change nothing: search everything stored for USER.")
@home_option
@config_option
@json_option
@exits
def forget_command(user: str | None, home: Home, config_path: object, *, is_verified: bool, as_json: bool) -> None:
    """Forget USER: in the journal, the event store, the users' table, the quarantine and import records.

    Bundles are never rewritten: their histories of the user are not used from now on, and `prune` deletes them when
    newer ones serve. What was forgotten over HTTP (DELETE /users/USER) is finished too; without USER, that alone. A
    service may run meanwhile; an import may not. Exit code 1 when --verify finds something.
    """
    if is_verified:
        _verify(home, user, as_json=as_json)
        return
    if user is not None:
        begin_forgetting(home, user, datetime.now(UTC))
    receipts = finish_forgetting(home)
    if as_json:
        print_json({"receipts": [receipt_json(receipt) for receipt in receipts]})
        return
    for receipt in receipts:
        click.echo(_sentence(receipt))
    if not receipts:
        click.echo("Nobody waits to be forgotten.")


def _sentence(receipt: Receipt) -> str:
    counts = {
        "events": receipt.events,
        "of the journal": receipt.journal,
        "rows of attributes": receipt.attributes,
        "quarantined rows": receipt.rejects,
        "served lists": receipt.exposures,
    }
    erased = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return (
        f"Forgotten at {receipt.forgotten_at:%Y-%m-%d %H:%M:%S} UTC, receipt {receipt.receipt}: erased {erased}; "
        f"{receipt.records:,} import records no longer name the user."
    )


def _verify(home: Home, user: str | None, *, as_json: bool) -> None:
    if user is None:
        raise ConfigError("forget --verify: name the user that is to be searched for.")
    found = list(find_mentions(home, user))
    open_ones = [one for one in found if not one.is_hidden]
    if as_json:
        places = [{"place": one.place, "count": one.count, "is_hidden": one.is_hidden} for one in found]
        print_json({"is_forgotten": not open_ones, "found": places})
    else:
        for one in found:
            click.echo(_place(one))
    if open_ones:
        raise StillNamed(f"{home.root}: {len(open_ones)} place(s) still name the user. Run it without --verify.")
    if not as_json:
        click.echo("Nothing else in the home names the user." if found else "Nothing in the home names the user.")


def _place(one: Mention) -> str:
    hidden = "; its history of the user is not used, and `shortlist prune` deletes it when its time has come"
    return f"{one.place}: {one.count:,}{hidden if one.is_hidden else ''}"
