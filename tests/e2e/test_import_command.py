"""The commands as a shop runs them."""

import json

import pytest
from click.testing import CliRunner

from pipelines.cli import group

HEADER = "CustomerID,item_id,timestamp,event_type\n"
EVENTS = HEADER + "u1,a,2024-05-01T10:00:00Z,purchase\n,b,2024-05-02,view\nu2,a,2024-05-02,view\n"
KEYS = [
    "rows_read",
    "accepted",
    "quarantined",
    "quarantined_by_reason",
    "already_imported",
    "unjoined_events",
    "unjoined_items",
    "n_users",
    "n_items",
    "first_timestamp",
    "last_timestamp",
    "event_types",
    "import_id",
    "warnings",
]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder with two exports, in which commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(EVENTS)
    (tmp_path / "b.csv").write_text(HEADER + "u3,c,2024-05-03,view\n")
    (tmp_path / "items.csv").write_text("sku,name\na,Tea\n")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(group, arguments, catch_exceptions=False)


def test_import_as_the_manual_writes_it(shop):
    """Several files and maps after one flag, a catalogue, and a report as JSON with its stable keys."""
    command = [
        "import",
        "--events",
        "a.csv",
        "b.csv",
        "--map",
        "user_id=CustomerID",
        "--items",
        "items.csv",
        "--home",
        "home",
        "--json",
    ]
    result = run(*command)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert set(KEYS) <= set(report)
    assert (report["rows_read"], report["accepted"], report["quarantined"]) == (4, 3, 1)
    assert (report["unjoined_events"], report["unjoined_items"]) == (1, 1)
    assert (shop / "home" / "catalog" / "items.parquet").is_file()
    again = json.loads(run(*command).stdout)
    assert (again["already_imported"], again["accepted"], again["import_id"]) == (True, 0, None)


def test_repeated_flags_do_the_same(shop):
    """A flag for each file is understood as well."""
    result = run(
        "import", "--events", "a.csv", "--events=b.csv", "--map=user_id=CustomerID", "--home", "home", "--json"
    )
    assert json.loads(result.stdout)["rows_read"] == 4


def test_report_for_people(shop):
    """The report names the counts, each reason with an example and a hint, and where the rejects are."""
    output = run("import", "--events", "a.csv", "--map", "user_id=CustomerID", "--home", "home").stdout
    assert "3 rows read = 2 accepted + 1 quarantined" in output
    assert "MISSING_USER_ID 1" in output
    assert "a.csv, row 2: item_id=b" in output
    assert "home/rejects/" in output


def test_validate_changes_nothing(shop):
    """Validation says what import would, and does not even create the home."""
    arguments = ["--events", "a.csv", "b.csv", "--map", "user_id=CustomerID", "--home", "home", "--json"]
    checked = json.loads(run("validate", *arguments).stdout)
    assert not (shop / "home").exists()
    imported = json.loads(run("import", *arguments).stdout)
    assert {key: checked[key] for key in KEYS if key != "import_id"} == {
        key: imported[key] for key in KEYS if key != "import_id"
    }
    assert json.loads(run("validate", *arguments).stdout)["already_imported"]


def test_refused_data_exit_with_3(shop):
    """A missing column and a file of bad rows exit with 3, a message on standard error, and no home."""
    result = run("import", "--events", "a.csv", "--home", "home")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "--map user_id=CustomerID" in result.stderr
    result = run(
        "import", "--events", "a.csv", "--map", "user_id=CustomerID", "--home", "home", "--max-bad-share", "0.1"
    )
    assert result.exit_code == 3
    assert "MISSING_USER_ID 1" in result.stderr
    assert not (shop / "home").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--events", "nowhere.csv"],
        ["--events", "a.csv", "--map", "customer=CustomerID"],
        ["--events", "a.csv", "--timezone", "Mars/Olympus"],
        ["--events", "a.csv", "--event-type", "frobnicate"],
        ["--events", "a.csv", "--format", "excel"],
    ],
)
def test_wrong_usage_exits_with_2(shop, arguments):
    """A wrong option is a matter of usage."""
    assert run("import", *arguments, "--home", "home").exit_code == 2
    assert not (shop / "home").exists()


def test_configuration_is_read(shop):
    """The [data] table of --config counts, and the option goes before it."""
    (shop / "shop.toml").write_text("[data]\nmax_bad_share = 0.1\n")
    arguments = [
        "import",
        "--events",
        "a.csv",
        "--map",
        "user_id=CustomerID",
        "--home",
        "home",
        "--config",
        "shop.toml",
    ]
    assert run(*arguments).exit_code == 3
    assert run(*arguments, "--max-bad-share", "0.5").exit_code == 0
