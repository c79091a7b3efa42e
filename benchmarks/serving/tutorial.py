"""What a tutorial has a shop write: candidates of `implicit`, features joined with pandas, LightGBM, FastAPI.

It is here to be compared with, and takes what `tutorial_data` has fitted from the folder TUTORIAL_FOLDER.
"""

import os
from pathlib import Path

import lightgbm
import pandas as pd
from fastapi import FastAPI
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import load_npz

FOLDER = Path(os.environ["TUTORIAL_FOLDER"])
user_items = load_npz(FOLDER / "user_items.npz").tocsr()
model = AlternatingLeastSquares.load(FOLDER / "als.npz")
booster = lightgbm.Booster(model_file=FOLDER / "ranker.txt")
users = pd.read_parquet(FOLDER / "users.parquet").set_index("user_id")
items = pd.read_parquet(FOLDER / "items.parquet").set_index("item")
pairs = pd.read_parquet(FOLDER / "pairs.parquet").set_index(["user", "item"])
app = FastAPI()


@app.get("/recommendations/{user_id}")
def recommendations(user_id: str, limit: int = 10):
    """Candidates, features, scores, the best."""
    user = int(users.at[user_id, "user"])
    found, scores = model.recommend(user, user_items[user], N=200, filter_already_liked_items=False)
    frame = pd.DataFrame({"user": user, "item": found, "als_score": scores})
    frame = frame.merge(users, on="user").merge(items, left_on="item", right_index=True)
    frame = frame.merge(pairs, how="left", left_on=["user", "item"], right_index=True).fillna(0)
    frame["score"] = booster.predict(frame[booster.feature_name()], num_threads=1)
    best = frame.nlargest(limit, "score")
    return {"user_id": user_id, "items": best[["item_id", "score"]].to_dict("records")}
