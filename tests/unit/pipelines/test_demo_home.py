"""The demonstration's home and a shop's are two."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import group
from pipelines.demo_home import mark
from shortlist.home import Home


@pytest.mark.parametrize("command", ["import", "validate"])
def test_a_demo_home_takes_no_other_data(command: str, tmp_path: Path) -> None:
    """Importing into a home of the demonstration is refused before anything is read, and changes nothing."""
    home = Home(tmp_path / "home")
    home.root.mkdir()
    mark(home, {"version": "x"})
    events = tmp_path / "orders.csv"
    events.write_text("user_id,item_id,timestamp,event_type\nu,a,2024-05-01,view\n")
    done = CliRunner().invoke(group, [command, "--home", str(home.root), "--events", str(events)])
    assert done.exit_code != 0
    assert "holds the demonstration's data" in done.stderr
    assert [path.name for path in home.root.iterdir()] == ["demo.json"]


def test_the_demo_has_a_home_of_its_own() -> None:
    """Without --home the demonstration goes to another folder than all other commands."""
    for command, folder in (("demo", "var-demo"), ("train", "var"), ("serve", "var")):
        said = " ".join(CliRunner().invoke(group, [command, "--help"]).output.split())
        assert f"SHORTLIST_HOME; default: {folder}]" in said
