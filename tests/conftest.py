"""What every test shares: one thread for each numeric library, the small shop, and which tests are slow.

Nothing here loads a numeric library or trains: a test that needs neither pays for neither.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

settings.register_profile("shop", deadline=None)  # nothing depends on how fast the machine is
settings.load_profile("shop")

pytest_plugins = ["shop"]
TESTS = Path(__file__).parent
SLOW = (TESTS / "e2e", TESTS / "integration", TESTS / "property")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what runs commands, services and whole pipelines, or one test on many drawn inputs."""
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in SLOW):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of data sets that are not part of the repository."""
    folder = Path(os.environ.get("SHORTLIST_DATASETS", TESTS.parents[1] / "shared" / "datasets"))
    if not folder.is_dir():
        pytest.skip(f"no data sets in {folder}; name the folder in SHORTLIST_DATASETS")
    return folder
