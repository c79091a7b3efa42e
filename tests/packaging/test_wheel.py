"""The wheel: what it holds, and that its command runs beside a stray ./data folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PROJECT["tool"]["setuptools"]["packages"]
SHOWN = {"experiments/templates", "console/templates", "console/static", "offline_eval/templates", "serving/static"}
"""What pages are made of."""

ROOTS = {package.partition(".")[0] for package in PACKAGES}


def run(*command: object, cwd: Path) -> str:
    """Run a command that must succeed, and give its output."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def source_files() -> set[str]:
    """The files of the product's packages in the repository, tracked or new."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines()
    return {name for name in listed if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built from a copy of the source."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in source_files():
        if name.split("/")[0] in {*ROOTS, "tests", "config", "docs"} or "/" not in name:
            (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / "source" / name)
    out = folder / "dist"
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, cwd=folder / "source")
    (built,) = out.glob("*.whl")
    return built


def test_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    """Every module and marker of the named packages is in the wheel; of all else only its own records are."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    records = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    wanted = {
        name
        for name in source_files()
        if (name.rpartition("/")[0].replace("/", ".") in PACKAGES and (name.endswith((".py", "py.typed"))))
        or name.rpartition("/")[0] in SHOWN
    }
    assert names - records == wanted
    assert {f"{package.replace('.', '/')}/__init__.py" for package in PACKAGES} <= names
    assert {f"{package}/py.typed" for package in ROOTS} <= names


def test_every_folder_that_holds_a_module_is_a_package(wheel: Path) -> None:
    """No module lies where the explicit list of packages would leave it out."""
    modules = {name for name in source_files() if name.split("/")[0] in ROOTS and name.endswith(".py")}
    assert {name.rpartition("/")[0].replace("/", ".") for name in modules} == set(PACKAGES)


def test_command_runs_beside_a_stray_data_folder(wheel: Path, tmp_path: Path) -> None:
    """Installed elsewhere, `shortlist` runs in a folder that holds a ./data and a ./serving of somebody else's."""
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    python = environment / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": environment, "platbase": environment}))
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet"),
        *("--disable-pip-version-check", wheel),
        cwd=tmp_path,
    )
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    folder = tmp_path / "shop"
    for name in ("data", "serving", "shortlist"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise RuntimeError('not ours')\n")
    command = environment / "bin" / "shortlist"
    assert run(command, "--version", cwd=folder).strip() == f"shortlist, version {PROJECT['project']['version']}"
    assert "--until" in run(command, "train", "--help", cwd=folder)
    where = run(python, "-P", "-c", "import data; print(data.__file__)", cwd=folder)
    assert Path(where.strip()).is_relative_to(environment)
