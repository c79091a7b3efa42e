"""`shortlist demo`: the main job, end to end, on real data."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from data.complete_journey import DISCLAIMER, import_complete_journey
from data.report import TableReport
from data.store import has_events
from offline_eval.page import MARKDOWN_NAME, write_report
from offline_eval.stages import TWO_STAGE
from pipelines.demo_home import MARKER, is_demo, mark
from pipelines.evaluate_command import show_evaluation
from pipelines.evaluation import evaluate_home
from pipelines.options import config_option, demo_home_option, exits, next_command
from pipelines.publishing import publish
from pipelines.replay import replayed
from pipelines.serve_command import console_key, serve
from pipelines.settings import Config, read_config
from pipelines.training import train
from serving.settings import REDIS_VARIABLE, ServiceSettings, read_api_key
from shortlist.choices import Choices
from shortlist.config import dump_model
from shortlist.errors import DataError
from shortlist.hashing import content_sha256
from shortlist.home import Home
from shortlist.progress import ConsoleReporter, Reporter
from shortlist.registry import Registry

TEST_DAYS = 14


@click.command("demo")
@click.option("--serve/--no-serve", "is_serving", default=True, help="Whether to serve at the end.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 takes a free one."
)
@demo_home_option
@config_option
@exits
def demo_command(host: str, port: int, home: Home, config_path: Path | None, *, is_serving: bool) -> None:
    """Import a year of a grocer's baskets, train, evaluate, publish and serve.

    Run again, it starts from what the first run left.
    """
    config = read_config(config_path)
    reporter = ConsoleReporter()
    version = _prepared(home, config)
    if version is None:
        prepare(home, config, reporter)
    else:
        reporter.step(f"{home.root} is prepared already (delete the folder to start over)")
        click.echo((home.reports / version / MARKDOWN_NAME).read_text(encoding="utf-8"))
    click.echo(f"\n{DISCLAIMER}\n")
    if is_serving:
        serve(_settings(home, config), host, port, workers=1)
    else:
        click.echo(f"Ready. To serve: {next_command(home, 'serve')}")


def prepare(home: Home, config: Config, reporter: Reporter) -> None:
    """Import, evaluate, train on everything, publish, and remember that it was done.

    Raises
    ------
    DataError
        When the home holds the events of another shop.
    """
    _import(home, config, reporter)
    reporter.step(f"evaluation: training on all but the last {TEST_DAYS} days")
    evaluation = evaluate_home(home, config, reporter, test_days=TEST_DAYS, note=DISCLAIMER)
    reporter.step("the model to serve: the same recipe, trained on everything")
    recipe = replayed(config, Choices.model_validate(evaluation.choices[TWO_STAGE]))
    version = publish(home, train(home, recipe, reporter).version).version
    write_report(evaluation, home.reports / version)
    mark(home, {"config_sha256": _identity(config), "version": version})
    reporter.step(f"published {version}")
    show_evaluation(evaluation, home.reports / version)


def _import(home: Home, config: Config, reporter: Reporter) -> None:
    if has_events(home) and not is_demo(home):
        raise DataError(f"{home.root}: holds another shop's events. Give the demo a home of its own: --home var-demo")
    reporter.step("importing The Complete Journey, a year of a grocer's baskets")
    mark(home, {})
    report = import_complete_journey(home, config.data, now=datetime.now(UTC), reporter=reporter)
    if report.events is not None:
        reporter.step(_account(report.events))


def _account(events: TableReport) -> str:
    """Rows read = accepted + quarantined by reason, in words."""
    parts = [
        f"{events.accepted:,} accepted",
        *(f"{n:,} {reason}" for reason, n in events.quarantined_by_reason.items()),
    ]
    return f"{events.rows_read:,} rows read = {' + '.join(parts)}"


def _prepared(home: Home, config: Config) -> str | None:
    """The version that an earlier run with this configuration left, if it is still the serving one."""
    try:
        marker = orjson.loads((home.root / MARKER).read_bytes())
    except FileNotFoundError:
        return None
    version: str | None = marker.get("version")
    is_same = version == Registry(home).current() and marker.get("config_sha256") == _identity(config)
    return version if is_same and (home.reports / str(version) / MARKDOWN_NAME).is_file() else None


def _identity(config: Config) -> str:
    """A hash of what the bundle and the evaluation depend on."""
    return content_sha256({name: part for name, part in dump_model(config).items() if name != "serving"})


def _settings(home: Home, config: Config) -> ServiceSettings:
    return ServiceSettings(
        home=home,
        config=config.serving,
        redis_url=os.environ.get(REDIS_VARIABLE) or None,
        api_key=read_api_key(os.environ),
        console_key=console_key(os.environ),
    )
