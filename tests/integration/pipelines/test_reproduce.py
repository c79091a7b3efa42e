"""A bundle made again: the same bits, or what has changed since."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from shop import checkerboard_catalog, import_shop

from data.log.fingerprint import _fingerprint_by_time
from data.store import read_events
from data.trimming import delete_events_before
from pipelines.cli import group
from pipelines.reproduction import reproduce
from pipelines.settings import Config
from pipelines.training import train
from shortlist.errors import BundleError
from shortlist.home import Home
from shortlist.progress import SilentReporter
from shortlist.registry import Registry

COLUMNS = ["user_id", "item_id", "timestamp", "event_type", "price"]


@pytest.fixture
def home(small_home: Home, tmp_path: Path) -> Home:
    """A home of this test's own."""
    return Home(Path(shutil.copytree(small_home.root, tmp_path / "home")))


def test_the_same_bits_come_again(home: Home, tiny_config) -> None:
    """Also of a training that searched its recipe, and when later events have been imported since."""
    searching = tiny_config.model_copy(
        update={"ranking": tiny_config.ranking.model_copy(update={"objective": "auto", "order": "auto"})}
    )
    version = train(home, searching, SilentReporter()).version
    later = pd.Timestamp("2026-11-01", tz="UTC")
    event = pd.DataFrame([("new", "item-001", later, "purchase", 1.0)], columns=COLUMNS)
    import_shop(home, event, checkerboard_catalog())
    found = reproduce(home, version, SilentReporter())
    assert (found.different, found.n_files > 20) == ((), True)
    assert found.reasons == ()
    assert [one.version for one in Registry(home).versions()][-1] == version


def test_what_has_changed_is_said(home: Home) -> None:
    """Deleted events and another catalogue make other files; exit code 1 and the reasons."""
    first = sorted(home.events.iterdir())[20].name.removeprefix("date=")
    delete_events_before(home, pd.Timestamp(first).date())
    catalog = checkerboard_catalog().assign(brand="one")
    import_shop(home, pd.DataFrame([], columns=COLUMNS), catalog)
    done = CliRunner().invoke(group, ["reproduce", "current", "--home", str(home.root), "--json"])
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert (found["is_same"], len(found["different"]) > 0) == (False, True)
    assert any("deleted, forgotten or imported" in reason for reason in found["reasons"])
    assert any("catalogue" in reason for reason in found["reasons"])


def test_other_libraries_code_and_processor_are_said(home: Home) -> None:
    """They explain nothing where every bit is the same, and are named all the same."""
    path = home.bundles / Registry(home).resolve("current") / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest |= {"git_commit": "f" * 40, "processor": "Another", "libraries": manifest["libraries"] | {"numpy": "1.0"}}
    path.write_text(json.dumps(manifest))
    found = reproduce(home, "current", SilentReporter())
    assert found.is_same
    for words in ("numpy is", "it was 1.0", "The processor is", "it was Another", "f" * 40):
        assert any(words in reason for reason in found.reasons)


def test_a_configuration_of_another_release_is_refused(home: Home) -> None:
    """It is said what to do."""
    path = home.bundles / Registry(home).resolve("current") / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["config"]["ranking"]["no_such_setting"] = 1
    path.write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="the release that made it"):
        reproduce(home, "current", SilentReporter())


def test_a_sample_of_a_large_log_comes_again(home: Home, tiny_config: Config) -> None:
    """Users drawn at random are drawn again, and nothing of the work stays in the home."""
    sampling = tiny_config.model_copy(
        update={"training": tiny_config.training.model_copy(update={"max_events": 1_000})}
    )
    manifest = train(home, sampling, SilentReporter())
    assert manifest.choices.sampled_events is not None
    before = set(home.root.rglob("*"))
    assert reproduce(home, manifest.version, SilentReporter()).is_same
    assert set(home.root.rglob("*")) == before


def test_a_fingerprint_of_release_0_1_is_known(home: Home) -> None:
    """It was taken of the events by time; another one is still another."""
    path = home.bundles / Registry(home).resolve("current") / "manifest.json"
    manifest = json.loads(path.read_text())
    by_time = _fingerprint_by_time(read_events(home, until=pd.Timestamp(manifest["data"]["end"]).to_pydatetime()))
    for fingerprint, said in {by_time: False, "f" * 64: True}.items():
        path.write_text(json.dumps(manifest | {"data": manifest["data"] | {"fingerprint": fingerprint}}))
        found = reproduce(home, "current", SilentReporter())
        assert found.is_same
        assert any("are not those of then" in reason for reason in found.reasons) == said
