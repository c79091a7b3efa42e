"""What pruning takes, and what it never takes."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from experiments.config import ExperimentsConfig
from pipelines.cli import group
from pipelines.pruning import RetentionConfig, prune
from pipelines.publishing import rollback
from shortlist.errors import BundleError
from shortlist.home import Home
from shortlist.registry import Registry

NOW = datetime(2026, 12, 1, tzinfo=UTC)
NAMES = [f"2026010{day}T000000-aaaaaaaa" for day in range(1, 8)]


@pytest.fixture
def home(small_home: Home, tmp_path: Path) -> Home:
    """A home with seven bundles, a year old but for the newest; the third and then the fourth were published."""
    copy = Home(tmp_path / "home")
    copy.bundles.mkdir(parents=True)
    source = small_home.bundles / Registry(small_home).resolve("current")
    for place, name in enumerate(NAMES):
        folder = Path(shutil.copytree(source, copy.bundles / name))
        manifest = json.loads((folder / "manifest.json").read_text())
        made = NOW - timedelta(days=1 if name == NAMES[-1] else 365 - place)
        (folder / "manifest.json").write_text(json.dumps(manifest | {"version": name, "created_at": made.isoformat()}))
    for name in (NAMES[2], NAMES[3]):
        Registry(copy).publish(name)
    return copy


def test_old_bundles_go_and_those_that_are_needed_stay(home: Home) -> None:
    """Kept are the newest two, the serving one and the one before it, and what an experiment that is off names."""
    trial = {
        "name": "trial",
        "salt": "s",
        "enabled": False,
        "share": 1.0,
        "variants": [
            {"name": "a", "control": True, "weight": 0.5},
            {"name": "b", "weight": 0.5, "bundle": NAMES[1]},
        ],
    }
    experiments = ExperimentsConfig.model_validate({"experiments": [trial]})
    wanted = (NAMES[0], NAMES[4])
    config = RetentionConfig(keep_bundles=2, keep_days=30)
    assert prune(home, config, experiments, NOW, is_tried=True).versions == wanted
    assert len(Registry(home).versions()) == 7
    done = prune(home, config, experiments, NOW)
    assert done.versions == wanted
    assert done.size_bytes > 0
    assert sorted(path.name for path in home.bundles.iterdir()) == sorted(set(NAMES) - set(wanted))
    assert prune(home, config, experiments, NOW).versions == ()
    assert rollback(home).version == NAMES[2]
    assert prune(home, config, experiments, NOW).versions == (NAMES[3],)


def test_young_bundles_stay_however_many_there_are(home: Home) -> None:
    """Neither the number nor the age alone is enough."""
    assert prune(home, RetentionConfig(keep_bundles=1, keep_days=400), ExperimentsConfig(), NOW).versions == ()


def test_what_a_killed_prune_leaves_is_no_bundle_and_is_swept(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the new name and the deletion, the next command takes the rest away."""

    def killed(_path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.pruning.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            prune(home, RetentionConfig(keep_bundles=1, keep_days=30), ExperimentsConfig(), NOW)
    with pytest.raises(BundleError):
        Registry(home).open(NAMES[0])
    done = CliRunner().invoke(group, ["prune", "--dry-run", "--json", "--home", str(home.root)])
    assert done.exit_code == 0
    assert not list(home.bundles.glob(".tmp-*"))
    assert json.loads(done.stdout)["dry_run"] is True


def test_events_are_deleted_only_when_asked(small_home: Home, tmp_path: Path) -> None:
    """Without the option no event goes; with it the days before, and the answer says how many."""
    copy = Home(Path(shutil.copytree(small_home.root, tmp_path / "whole")))
    n_days = len(list(copy.events.iterdir()))
    assert CliRunner().invoke(group, ["prune", "--home", str(copy.root)]).exit_code == 0
    assert len(list(copy.events.iterdir())) == n_days
    cut = sorted(copy.events.iterdir())[5].name.removeprefix("date=")
    arguments = ["prune", "--home", str(copy.root), "--events-before", cut, "--json"]
    done = json.loads(CliRunner().invoke(group, arguments).stdout)
    assert (done["event_days"], done["event_bytes"] > 0) == (5, True)
    assert len(list(copy.events.iterdir())) == n_days - 5
