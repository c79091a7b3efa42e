"""The one way through the packages."""

import re
import subprocess
import sys
import tomllib
from itertools import permutations
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {
    "shortlist": set(),
    "data": {"shortlist"},
    "candidate_gen": {"shortlist", "data"},
    "ranking": {"shortlist", "data", "candidate_gen"},
    "offline_eval": {"shortlist", "data", "candidate_gen", "ranking"},
    "experiments": {"shortlist", "data"},
    "monitoring": {"shortlist", "data"},
    "console": {"shortlist", "monitoring"},
    "serving": {"shortlist", "data", "candidate_gen", "ranking", "experiments", "monitoring"},
    "pipelines": {
        *("shortlist", "data", "candidate_gen", "ranking", "offline_eval", "experiments", "monitoring", "serving"),
        "console",
    },
}
"""The table of the design: what each package may import."""


@pytest.fixture(scope="module")
def project() -> dict:
    """The project's file."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_import_linter_passes() -> None:
    """The contracts of pyproject.toml hold."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("package", ALLOWED)
def test_package_imports_only_what_the_design_allows(package: str) -> None:
    """No module of a package names, anywhere in its text, an import that the table does not allow."""
    found = set()
    for path in (ROOT / package).rglob("*.py"):
        found |= set(re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert (found & set(ALLOWED)) - {package} <= ALLOWED[package]


def test_contracts_forbid_what_the_table_does_not_allow(project: dict) -> None:
    """Each pair that the table does not allow is forbidden by a contract."""
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one["type"] == "layers"]
    depth = {name.strip(): place for place, line in enumerate(layers) for name in line.split("|")}
    forbidden = {
        (source, target)
        for one in contracts
        if one["type"] == "forbidden"
        for source in one["source_modules"]
        for target in one["forbidden_modules"]
    }
    for one in contracts:
        if one["type"] == "independence":
            forbidden |= set(permutations(one["modules"], 2))
    for importer, own in depth.items():
        forbidden |= {(importer, other) for other, place in depth.items() if other != importer and place <= own}
    wanted = {(one, other) for one in ALLOWED for other in ALLOWED if one != other and other not in ALLOWED[one]}
    assert wanted - forbidden == set()


def test_every_package_is_named_everywhere(project: dict) -> None:
    """The packages of the wheel, of the type checker, of the contracts and of the design are the same."""
    folders = {path.parent.relative_to(ROOT) for name in ALLOWED for path in (ROOT / name).rglob("*.py")}
    assert set(project["tool"]["setuptools"]["packages"]) == {".".join(folder.parts) for folder in folders}
    assert set(project["tool"]["mypy"]["packages"]) == set(ALLOWED)
    assert set(project["tool"]["importlinter"]["root_packages"]) == set(ALLOWED)
    assert all((ROOT / package / "py.typed").is_file() for package in ALLOWED)


def test_tests_are_no_package() -> None:
    """No folder of tests is a package: it would come before the product's own of that name."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []
