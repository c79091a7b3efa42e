"""What benchmarks/serving/tutorial.py answers from, fitted on the events of a bundle, and its service."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix, save_npz

from data.bundling import load_interactions
from shortlist.home import Home
from shortlist.registry import Registry

N_TREES, N_LEAVES, N_TRAINED_USERS = 114, 31, 2_000


@contextlib.contextmanager
def tutorial_service(home: Path, workers: int) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The tutorial's service on a free port: its address, and the process."""
    with tempfile.TemporaryDirectory() as folder:
        _fit(home, Path(folder))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "tutorial:app", "--port", str(port), "--workers", str(workers)]
        environment = os.environ | {"TUTORIAL_FOLDER": folder, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": Path(__file__).parent}
        with subprocess.Popen([*command, "--log-level", "critical"], text=True, env=environment, **options) as process:
            try:
                _wait(port)
                yield f"http://127.0.0.1:{port}", process
            finally:
                process.send_signal(signal.SIGTERM)


def _wait(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            time.sleep(5)  # the other workers
            return
        time.sleep(0.1)
    raise SystemExit("the tutorial's service did not start")


def _fit(home: Path, folder: Path) -> None:
    """Fit everything on all events but those of the last fortnight, and the ranker on these."""
    bundle = Registry(Home(home)).open("current")
    known = load_interactions(bundle)
    events = pd.DataFrame(
        {"user": known.user_idx, "item": known.item_idx, "time": known.timestamp, "price": known.price}
    )
    cut = int(events["time"].max()) - 14 * 86_400
    before, after = events[events["time"] < cut], events[events["time"] >= cut]
    shape = (len(known.users), len(known.items))
    user_items = csr_matrix((np.ones(len(before), dtype=np.float32), (before["user"], before["item"])), shape=shape)
    save_npz(folder / "user_items.npz", user_items)
    model = AlternatingLeastSquares(factors=64, iterations=5, random_state=1)
    model.fit(user_items, show_progress=False)
    model.save(folder / "als.npz")
    users, items, pairs = _tables(before, cut, shape)
    users["user_id"] = known.users.externals(np.arange(shape[0]))
    items["item_id"] = known.items.externals(np.arange(shape[1]))
    for name, table in (("users", users), ("items", items), ("pairs", pairs)):
        table.reset_index().to_parquet(folder / f"{name}.parquet")
    _fit_ranker(model, user_items, users, items, pairs, after).save_model(folder / "ranker.txt")


def _tables(events: pd.DataFrame, cut: int, shape: tuple[int, int]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Counts, recency and mean price by user, by item and by pair."""

    def of(*keys: str) -> pd.DataFrame:
        prefix = "_".join(keys)
        grouped = events.groupby(list(keys)).agg(n=("time", "size"), last=("time", "max"), price=("price", "mean"))
        grouped["last"] = (cut - grouped["last"]) / 86_400
        return grouped.astype("float32").add_prefix(f"{prefix}_")

    users = of("user").reindex(pd.RangeIndex(shape[0], name="user"), fill_value=0.0)
    items = of("item").reindex(pd.RangeIndex(shape[1], name="item"), fill_value=0.0)
    return users, items, of("user", "item")


def _fit_ranker(
    model: AlternatingLeastSquares,
    user_items: csr_matrix,
    users: pd.DataFrame,
    items: pd.DataFrame,
    pairs: pd.DataFrame,
    after: pd.DataFrame,
) -> lightgbm.Booster:
    drawn = after["user"].drop_duplicates().to_numpy()[:N_TRAINED_USERS]
    found, scores = model.recommend(drawn, user_items[drawn], N=200, filter_already_liked_items=False)
    frame = pd.DataFrame({"user": np.repeat(drawn, 200), "item": found.ravel(), "als_score": scores.ravel()})
    frame = frame.join(users.drop(columns="user_id"), on="user").join(items.drop(columns="item_id"), on="item")
    frame = frame.join(pairs, on=["user", "item"]).fillna(0)
    wanted = pd.MultiIndex.from_frame(after[["user", "item"]])
    label = pd.MultiIndex.from_frame(frame[["user", "item"]]).isin(wanted).astype(int)
    data = lightgbm.Dataset(frame.drop(columns=["user", "item"]), label, group=[200] * len(drawn))
    parameters = {"objective": "lambdarank", "num_leaves": N_LEAVES, "verbosity": -1, "seed": 1}
    return lightgbm.train(parameters, data, N_TREES)
