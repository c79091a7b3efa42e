"""The notebook, executed from its first cell to its last."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from shortlist.home import Home

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "offline_evaluation.ipynb"


@pytest.fixture
def executed(small_home: Home, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    """The notebook after a run on the small home."""
    monkeypatch.setenv("SHORTLIST_HOME", str(small_home.root))
    monkeypatch.setenv("SHORTLIST_TEST_DAYS", "14")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": os.fspath(NOTEBOOK.parent)}}
    )
    client.execute()
    return notebook


@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq")
def test_notebook_draws_what_it_explains(executed: nbformat.NotebookNode) -> None:
    """The notebook runs without an error, draws two figures, and its table has the two stages in it."""
    outputs = [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    tables = "".join(output["data"].get("text/html", "") for output in outputs if "data" in output)
    assert len(pictures) == 2
    assert "two_stage" in tables
    assert "personal_frequency" in tables
