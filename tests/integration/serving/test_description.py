"""The service keeps what its description at /openapi.json says: Schemathesis tries it, with all its checks."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

Serve = Callable[..., httpx.Client]
# what is like an item may be asked for when it was taken out: its page shows alternatives
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = ("--checks", "all", "--exclude-checks", "use_after_free")
OPTIONS = (*CHECKS, "--max-examples", "50", "--seed", "1", "--continue-on-failure", "--no-color")


@pytest.mark.slow
@pytest.mark.parametrize("key", [None, "sesame"])
def test_no_request_gets_what_the_description_does_not_say(serve: Serve, tmp_path: Path, key: str | None) -> None:
    """Hundreds of requests: no 5xx, no undocumented answer, nothing valid refused, nothing invalid taken."""
    address = str(serve(api_key=key, console_key="console").base_url).rstrip("/")
    headers = () if key is None else ("--header", f"X-API-Key: {key}")
    command = [str(SCHEMATHESIS), "run", f"{address}/openapi.json", *OPTIONS, "--generation-database", "none", *headers]
    environment = os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout
