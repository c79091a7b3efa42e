"""`shortlist serve`."""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import quote, urlsplit

import click

from console.server import running_console
from console.settings import ConsoleSettings
from monitoring.counters import ServiceCounters
from pipelines.demo_home import clock_shift
from pipelines.experiments_option import experiments_option
from pipelines.options import config_option, exits, home_option
from pipelines.settings import read_config
from ranking.recommender import Recommender
from serving.listening import Listener, listen
from serving.seals import Seals
from serving.server import run_one
from serving.service import Service, load_service
from serving.settings import (
    CONSOLE_KEY_VARIABLE,
    REDIS_VARIABLE,
    ServiceSettings,
    read_api_key,
)
from serving.state import open_cache
from serving.supervisor import become_supervisor
from shortlist.errors import ShortlistError
from shortlist.home import Home
from shortlist.processes import Child

CONSOLE_HOST = "127.0.0.1"


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for all.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 takes a free one."
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes; one for each core."
)
@click.option(
    "--redis", "redis_url", envvar=REDIS_VARIABLE, show_envvar=True, help="redis://host:6379/0, to share cached lists."
)
@experiments_option
@click.option("--console", "has_console", is_flag=True, help="Also show customers and their lists in the browser.")
@click.option(
    "--console-port",
    type=click.IntRange(0, 65535),
    help="The console's port; without it the one behind the service's, or a free one.",
)
@click.option("--no-cache", is_flag=True, help="Compute every list anew; the same as cache_ttl_seconds = 0.")
@home_option
@config_option
@exits
def serve_command(
    host: str,
    port: int,
    workers: int,
    redis_url: str | None,
    experiments: Path | None,
    no_cache: bool,
    has_console: bool,
    console_port: int | None,
    home: Home,
    config_path: Path | None,
) -> None:
    """Answer GET /recommendations/<user_id> from the published bundle, until Ctrl-C or SIGTERM.

    The bundles and the file of experiments are checked before anything listens; what is wrong with them is said, and
    the exit code is 5 or 2. With SHORTLIST_API_KEY set, clients must send it as X-API-Key. The console listens on this
    machine alone, and wants the key that is printed, or that SHORTLIST_CONSOLE_KEY holds.
    """
    config = read_config(config_path)
    serving = config.serving
    settings = ServiceSettings(
        home=home,
        config=serving.model_copy(update={"cache_ttl_seconds": 0}) if no_cache else serving,
        experiments=experiments,
        redis_url=redis_url or None,
        api_key=read_api_key(os.environ),
        console_key=console_key(os.environ) if has_console else None,
        data=config.data,
    )
    serve(settings, host, port, workers, console_port)


def console_key(environment: Mapping[str, str]) -> str:
    """The console's key: what is configured, or a fresh one."""
    return environment.get(CONSOLE_KEY_VARIABLE) or token_urlsafe(16)


def serve(settings: ServiceSettings, host: str, port: int, workers: int, console_port: int | None = None) -> None:
    """Check everything, say where the service is and how to ask it, and answer until told to stop.

    With a console's key the console runs beside it.

    Raises
    ------
    ConfigError, BundleError
        When a file that the service needs is wrong.
    ShortlistError
        When the address cannot be had.
    """
    open_cache(settings, ServiceCounters())  # connects to nothing, but refuses a URL that is none
    seals = Seals()
    service = load_service(settings, seals=seals)
    settings = replace(settings, clock_shift_seconds=clock_shift(settings.home, service.current.as_of))
    with listen(host, port) as listener, _console(settings, listener, console_port) as console:
        _announce(settings, service, listener, workers)
        if workers > 1:
            environment = settings.to_environment() | seals.to_environment()
            become_supervisor(workers, environment, listener.socket, console)
        run_one(settings, service, listener)
    click.echo("Stopped.", err=True)


@contextmanager
def _console(settings: ServiceSettings, service: Listener, port: int | None) -> Iterator[Child | None]:
    """Run the console, where it is wanted, and say first of all where it is."""
    if settings.console_key is None:
        yield None
        return
    with _console_listener(service, port) as listener:
        home, most = settings.home.root.absolute(), settings.config.max_limit
        told = ConsoleSettings(service.url, settings.console_key, settings.api_key, home, most)
        with running_console(told, listener.socket) as child:
            click.echo(f"Look at it in the browser: {listener.url}/?key={quote(settings.console_key, safe='')}")
            yield child


@contextmanager
def _console_listener(service: Listener, port: int | None) -> Iterator[Listener]:
    """Listen on the port that is named, or on the one behind the service's, or where that is taken on a free one."""
    with ExitStack() as until_told:
        if port is not None:
            yield until_told.enter_context(listen(CONSOLE_HOST, port))
            return
        try:
            found = until_told.enter_context(listen(CONSOLE_HOST, (service.socket.getsockname()[1] + 1) % 65_536))
        except ShortlistError:
            found = until_told.enter_context(listen(CONSOLE_HOST, 0))
        yield found


def _announce(settings: ServiceSettings, service: Service, listener: Listener, workers: int) -> None:
    """Say where the service is, what it answers from, and how to ask it."""
    recommender = service.current
    click.echo(f"Serving {listener.url}  (model {recommender.version}, workers {workers}, {_cache_text(settings)})")
    if service.others:
        click.echo(f"Experiments also answer from {', '.join(sorted(service.others))}.")
    key = "" if settings.api_key is None else " -H 'X-API-Key: '\"$SHORTLIST_API_KEY\""
    address = f"{listener.url}/recommendations/{quote(_some_user(recommender), safe='')}?limit=10"
    click.echo(f"  Try it:  curl -s{key} {shlex.quote(address)}")
    click.echo(f"  Read:    {listener.url}/docs    Stop: Ctrl-C")


def _some_user(recommender: Recommender) -> str:
    """A user that the bundle knows, if it knows any."""
    users = recommender.table.users
    return users.external(0) if len(users) else "u1"


def _cache_text(settings: ServiceSettings) -> str:
    """Where lists are cached, without the URL's password."""
    if settings.config.cache_ttl_seconds == 0:
        return "no cache"
    if settings.redis_url is None:
        return "cache in memory"
    address = urlsplit(settings.redis_url)
    return f"cache in Redis at {address.hostname or address.path}{f':{address.port}' if address.port else ''}"
