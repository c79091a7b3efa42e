"""Lists for many users, and the files that name them."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.store import read_events
from pipelines.batch import USERS_PER_WRITE, Wanted, all_user_ids, make_lists, read_user_ids, write_lists
from ranking.query import Query
from ranking.recommender import Recommender
from shortlist.errors import DataError
from shortlist.home import Home

COLUMNS = ["user_id", "item_id", "rank", "score", "source"]


def write(recommender: Recommender, path: Path, users, **changes) -> int:
    """Write lists of five items."""
    wanted = Wanted(**{"k": 5, **changes})
    return write_lists(make_lists(recommender, users, wanted), wanted, path)


@pytest.mark.parametrize("stage", ["full", "retrieval"])
def test_file_holds_what_recommend_gives(small_recommender: Recommender, tmp_path: Path, stage) -> None:
    """One row for each place of each list, users in the order given, ranks from 1, the source beside."""
    users = ["user-007", "nobody", "user-000"]
    assert write(small_recommender, tmp_path / "out" / "recs.parquet", users, stage=stage) == 15
    table = pq.read_table(tmp_path / "out" / "recs.parquet")
    assert table.column_names == COLUMNS
    assert (table.schema.field("rank").type, table.schema.field("score").type) == (pa.int32(), pa.float32())
    rows = table.to_pandas()
    for number, user in enumerate(users):
        found = rows.iloc[5 * number : 5 * number + 5]
        wanted = small_recommender.recommend(Query(user, limit=5, stage=stage))
        assert (found["user_id"] == user).all()
        assert found["rank"].tolist() == [1, 2, 3, 4, 5]
        assert found["item_id"].tolist() == [item.item_id for item in wanted.items]
        assert found["score"].tolist() == [item.score for item in wanted.items]
        assert (found["source"] == wanted.source).all()


def test_csv_holds_the_same(small_recommender: Recommender, tmp_path: Path) -> None:
    """The CSV file says what the Parquet file does."""
    users = list(all_user_ids(small_recommender))[:9]
    write(small_recommender, tmp_path / "recs.csv", users)
    write(small_recommender, tmp_path / "recs.parquet", users)
    one, other = pd.read_csv(tmp_path / "recs.csv"), pd.read_parquet(tmp_path / "recs.parquet")
    assert one.columns.tolist() == COLUMNS
    for column in ("user_id", "item_id", "rank", "source"):
        assert one[column].tolist() == other[column].tolist()
    assert one["score"].to_numpy() == pytest.approx(other["score"].to_numpy(), rel=1e-6)


def test_titles_are_a_column_of_their_own(small_recommender: Recommender, tmp_path: Path) -> None:
    """Asked for, each row has its item's title, in both kinds of file."""
    for name, read in (("recs.csv", pd.read_csv), ("recs.parquet", pd.read_parquet)):
        write(small_recommender, tmp_path / name, ["user-007"], titles=True)
        rows = read(tmp_path / name)
        assert rows.columns.tolist() == [*COLUMNS, "title"]
        assert rows["title"].tolist() == [f"Thing {int(one.removeprefix('item-'))}" for one in rows["item_id"]]


def test_all_users_are_those_of_the_bundle(small_recommender: Recommender) -> None:
    """Everybody that the bundle knows comes once."""
    assert list(all_user_ids(small_recommender)) == [f"user-{number:03}" for number in range(200)]


def test_seen_items_can_be_left_out(small_recommender: Recommender, small_home: Home, tmp_path: Path) -> None:
    """With `exclude_seen` no user gets an item that an event of theirs names."""
    users = list(all_user_ids(small_recommender))[:30]
    write(small_recommender, tmp_path / "recs.parquet", users, exclude_seen=True, k=20)
    rows = pd.read_parquet(tmp_path / "recs.parquet")
    seen = read_events(small_home).groupby("user_id")["item_id"].agg(set)
    assert len(rows) == 600
    assert not any(item in seen[user] for user, item in zip(rows["user_id"], rows["item_id"], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_failure_leaves_the_old_file(small_recommender: Recommender, tmp_path: Path, suffix: str) -> None:
    """When the work breaks off, what was there stays, and nothing half-written remains."""

    def users() -> Iterator[str]:
        yield from ["user-000"] * 300
        raise OSError("the disk is gone")

    path = tmp_path / f"recs.{suffix}"
    for content in (None, b"old"):
        if content:
            path.write_bytes(content)
        with pytest.raises(OSError, match="the disk is gone"):
            write(small_recommender, path, users())
        assert [one.name for one in tmp_path.iterdir()] == ([path.name] if content else [])
    assert path.read_bytes() == b"old"


def test_no_user_gives_an_empty_file(small_recommender: Recommender, tmp_path: Path) -> None:
    """Without users there is a file with its columns and no row."""
    assert write(small_recommender, tmp_path / "recs.parquet", []) == 0
    assert pq.read_table(tmp_path / "recs.parquet").column_names == COLUMNS


@pytest.mark.slow
def test_work_is_bounded(small_recommender: Recommender, tmp_path: Path) -> None:
    """Users are drawn in blocks, and the file is written in row groups of bounded length."""
    n = USERS_PER_WRITE + 10
    users = (f"user-{number % 50:03}" for number in range(n))
    assert write(small_recommender, tmp_path / "recs.parquet", users, k=1, stage="retrieval") == n
    metadata = pq.read_metadata(tmp_path / "recs.parquet")
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [USERS_PER_WRITE, 10]


NAMES = pd.DataFrame({"user_id": ["u2", "u1", None, "u2", " u3 ", "007"], "note": list("abcdef")})
WANTED = ["u2", "u1", "u3", "007"]


def test_user_ids_of_each_format(tmp_path: Path) -> None:
    """Text, CSV, Parquet and JSON lines give the same users: distinct, trimmed, in the file's order."""
    (tmp_path / "users.txt").write_text("u2\nu1\n\nu2\n u3 \r\n007\n")
    NAMES.to_csv(tmp_path / "users.csv", index=False)
    NAMES.to_csv(tmp_path / "users.csv.gz", index=False)
    NAMES.to_parquet(tmp_path / "users.parquet")
    NAMES.to_json(tmp_path / "users.jsonl", orient="records", lines=True)
    for path in sorted(tmp_path.iterdir()):
        assert read_user_ids(path) == WANTED, path.name


def test_numbers_are_ids_as_they_stand(tmp_path: Path) -> None:
    """Whole numbers in a Parquet file are ids without a decimal point, also where one is missing."""
    pd.DataFrame({"user_id": pd.array([12, None, 7], dtype="Int64")}).to_parquet(tmp_path / "users.parquet")
    assert read_user_ids(tmp_path / "users.parquet") == ["12", "7"]


def test_text_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    """The mark that some editors put first is no part of the first id."""
    (tmp_path / "users.txt").write_bytes(b"\xef\xbb\xbfu1\nu2\n")
    assert read_user_ids(tmp_path / "users.txt") == ["u1", "u2"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("users.csv", b"customer\nu1\n"),
        ("users.jsonl", b'{"customer": 1}\n'),
        ("users.csv", b""),
        ("users.parquet", b"x"),
        ("users.xls", b"x"),
        ("users.txt", b"\xff\xfe\n"),
    ],
)
def test_files_without_users_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """A file without the column, or that cannot be read, is a `DataError` that names the file."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="users"):
        read_user_ids(tmp_path / name)


def test_unreadable_rows_of_users_are_refused(tmp_path: Path) -> None:
    """A file of users with a row that cannot be read is refused: nobody is left out in silence."""
    path = tmp_path / "users.jsonl"
    path.write_text('{"user_id": "1"}\n{"user_id":\n')
    with pytest.raises(DataError, match="1 row"):
        read_user_ids(path)
