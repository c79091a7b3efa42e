"""Workers check a bundle once: the first one reads it, the others map it."""

from pathlib import Path

import pytest

import shortlist.bundle
from serving.seals import SEALS_VARIABLE, Seals
from serving.service import load_service
from serving.settings import ServiceSettings
from serving.supervisor import RUN_FOLDER_VARIABLE
from shortlist.home import Home


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files whose hash was computed."""
    files: list[Path] = []
    of_file = shortlist.bundle.file_sha256
    monkeypatch.setattr("shortlist.bundle.file_sha256", lambda path: files.append(path) or of_file(path))
    return files


def test_the_first_worker_reads_for_all(small_home: Home, tmp_path: Path, read: list[Path]) -> None:
    """Workers of one service share a folder; one of another service reads for itself."""
    environment = {RUN_FOLDER_VARIABLE: str(tmp_path)}
    settings = ServiceSettings(small_home)
    load_service(settings, seals=Seals.of_service(environment))
    n_files = len(read)
    assert n_files > 10
    load_service(settings, seals=Seals.of_service(environment))
    assert len(read) == n_files
    load_service(settings, seals=Seals.of_service({}))
    assert len(read) == 2 * n_files


def test_what_the_parent_has_checked_no_worker_reads(small_home: Home, read: list[Path]) -> None:
    settings, seals = ServiceSettings(small_home), Seals()
    load_service(settings, seals=seals)
    n_files = len(read)
    assert seals.to_environment()[SEALS_VARIABLE]
    load_service(settings, seals=Seals.of_service(seals.to_environment()))
    assert len(read) == n_files


def test_a_folder_that_is_gone_makes_each_check_for_itself(small_home: Home, tmp_path: Path, read: list[Path]) -> None:
    environment = {RUN_FOLDER_VARIABLE: str(tmp_path / "gone")}
    for _ in range(2):
        load_service(ServiceSettings(small_home), seals=Seals.of_service(environment))
    assert len({*read}) * 2 == len(read)
