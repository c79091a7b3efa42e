"""What the benchmarks of the service share: the service as a process of its own, its users, the machine."""

import contextlib
import os
import platform
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests" / "plugins"))

from redis_server import find_redis_server, running_redis

from shortlist.home import Home
from shortlist.registry import Registry

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-P", "-c", "from pipelines.cli import main; main()", "serve")


@contextlib.contextmanager
def service(home: Path, arguments: Sequence[str], source: Path = ROOT) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`shortlist serve` of a checkout on a free port, as a process of its own: its address, and the process."""
    command = [*COMMAND, "--home", str(home.resolve()), "--port", "0", *arguments]
    environment = os.environ | {"PYTHONPATH": str(source.resolve())}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=source, env=environment
    ) as process:
        try:
            first = process.stdout.readline() if process.stdout else ""
            match = re.match(r"Serving (http://\S+) ", first)
            if match is None:
                raise SystemExit(f"the service did not start; try: shortlist serve --home {home}")
            yield match[1], process
        finally:
            process.send_signal(signal.SIGTERM)


def redis_url(stack: contextlib.ExitStack) -> str | None:
    """A redis-server that runs as long as the stack is open, if there is a binary."""
    binary = find_redis_server()
    return None if binary is None else stack.enter_context(running_redis(binary)).url


def draw_users(home: Path, n: int, seed: int) -> list[str]:
    """Users of the published bundle, drawn at random, with repeats only when there are fewer than `n`."""
    known = Registry(Home(home)).open("current").ids("users")
    rng = random.Random(seed)
    positions = rng.sample(range(len(known)), n) if len(known) >= n else rng.choices(range(len(known)), k=n)
    return [known.external(position) for position in positions]


def commit(source: Path = ROOT) -> str:
    """The commit of a checkout, `dirty` where it is changed."""
    described = subprocess.run(
        ["git", "-C", str(source), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return described.stdout.strip() or "unknown"


def machine(home: Path, source: Path = ROOT) -> str:
    """What the figures were taken on and from."""
    version = Registry(Home(home)).current()
    data = Registry(Home(home)).open("current").manifest.data
    return (
        f"{os.cpu_count()} CPUs, {_processor()}; Python {platform.python_version()}; commit {commit(source)}\n"
        f"bundle {version}: {data.n_users:,} users, {data.n_items:,} items, {data.n_events:,} events"
    )


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
