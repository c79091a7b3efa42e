"""Bundles spoilt at random, and files spoilt with their hashes made right: nothing but a `BundleError` escapes."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import pytest

from ranking.bundling import load_recommender
from ranking.query import Query
from shortlist.bundle import BundleWriter, open_bundle
from shortlist.errors import BundleError

N_MUTATIONS = 150
USERS = ("user-000", "user-117", "nobody")
Mutation = Callable[[Path, np.random.Generator], None]


def answers(folder: Path) -> list[object]:
    """The lists that a bundle gives."""
    recommender = load_recommender(open_bundle(folder))
    return [recommender.recommend(Query(user)) for user in USERS]


def _some_file(folder: Path, rng: np.random.Generator) -> Path:
    paths = sorted(folder.iterdir())
    return paths[rng.integers(len(paths))]


def _flip(folder: Path, rng: np.random.Generator) -> None:
    path = _some_file(folder, rng)
    content = bytearray(path.read_bytes())
    for place in rng.integers(len(content), size=rng.integers(1, 4)):
        content[place] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)


def _flip_head(folder: Path, rng: np.random.Generator) -> None:
    path = _some_file(folder, rng)
    content = bytearray(path.read_bytes())
    content[int(rng.integers(min(len(content), 128)))] = int(rng.integers(256))
    path.write_bytes(content)


def _truncate(folder: Path, rng: np.random.Generator) -> None:
    path = _some_file(folder, rng)
    content = path.read_bytes()
    path.write_bytes(content[: rng.integers(len(content))])


def _extend(folder: Path, rng: np.random.Generator) -> None:
    path = _some_file(folder, rng)
    path.write_bytes(path.read_bytes() + rng.bytes(int(rng.integers(1, 100))))


def _remove(folder: Path, rng: np.random.Generator) -> None:
    _some_file(folder, rng).unlink()


def _add(folder: Path, rng: np.random.Generator) -> None:
    suffix = ("npy", "faiss", "txt", "parquet", "pkl")[rng.integers(5)]
    (folder / f"added{rng.integers(9)}.{suffix}").write_bytes(rng.bytes(20))


def _rename(folder: Path, rng: np.random.Generator) -> None:
    _some_file(folder, rng).rename(_some_file(folder, rng))


def _link(folder: Path, rng: np.random.Generator) -> None:
    path, target = _some_file(folder, rng), _some_file(folder, rng)
    path.unlink()
    path.symlink_to(target)


def _swap(folder: Path, rng: np.random.Generator) -> None:
    one, other = _some_file(folder, rng), _some_file(folder, rng)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def _change_entry(folder: Path, rng: np.random.Generator) -> None:
    path = folder / "manifest.json"
    fields = orjson.loads(path.read_bytes())
    name = sorted(fields["files"])[rng.integers(len(fields["files"]))]
    key = ("size_bytes", "sha256", "dtype", "shape", "missing")[rng.integers(5)]
    values = (None, -1, 0, 2**62, True, "", "../x", "<f4", "|O", [], [0], [10**12], {}, "f" * 64)
    fields["files"][name][key] = values[rng.integers(len(values))]
    path.write_bytes(orjson.dumps(fields))


def _change_name(folder: Path, rng: np.random.Generator) -> None:
    path = folder / "manifest.json"
    fields = orjson.loads(path.read_bytes())
    names = ("../x.npy", "/x.npy", "a/b.npy", "x.pkl", "", ".", "manifest.json", "new.npy")
    name = sorted(fields["files"])[rng.integers(len(fields["files"]))]
    fields["files"][names[rng.integers(len(names))]] = fields["files"].pop(name)
    path.write_bytes(orjson.dumps(fields))


def _change_field(folder: Path, rng: np.random.Generator) -> None:
    path = folder / "manifest.json"
    fields = orjson.loads(path.read_bytes())
    name = ("format_version", "version", "features", "files", "data", "created_at")[rng.integers(6)]
    values = (None, -1, 2, 1.5, True, "", "../x", [], {}, [["n_events", "<f4"]])
    fields[name] = values[rng.integers(len(values))]
    path.write_bytes(orjson.dumps(fields))


MUTATIONS: tuple[Mutation, ...] = (
    *(_flip, _flip_head, _truncate, _extend, _remove, _add, _rename, _link, _swap),
    *(_change_entry, _change_name, _change_field),
)


@pytest.mark.slow
def test_spoilt_bundles_answer_the_same_or_not_at_all(whole_bundle: Path, tmp_path: Path) -> None:
    """After any of many random mutations a bundle gives the answers it gave, or a `BundleError`."""
    wanted = answers(whole_bundle)
    rng = np.random.default_rng(20261101)
    n_refused, escaped = 0, []
    for number in range(N_MUTATIONS):
        mutation = MUTATIONS[number % len(MUTATIONS)]
        folder = Path(shutil.copytree(whole_bundle, tmp_path / whole_bundle.name))
        mutation(folder, rng)
        try:
            assert answers(folder) == wanted, f"{mutation.__name__} number {number} changed the answers"
        except BundleError:
            n_refused += 1
        except Exception as error:
            escaped.append(f"{mutation.__name__} number {number}: {error!r}")
        shutil.rmtree(folder)
    assert escaped == []
    assert n_refused > N_MUTATIONS * 0.8


def _rewrite(folder: Path, name: str, content: np.ndarray | str) -> None:
    """Put another array or text in the place of a file, with a manifest that agrees."""
    (folder / name).unlink()
    writer = BundleWriter(folder)
    if isinstance(content, str):
        writer.add_text(name.removesuffix(".txt"), content)
    else:
        writer.add_array(name.removesuffix(".npy"), content)
    path = folder / "manifest.json"
    fields = orjson.loads(path.read_bytes())
    fields["files"][name] = writer.entries[name].model_dump(mode="json")
    path.write_bytes(orjson.dumps(fields))


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("popular_order", lambda array: array + np.int32(1_000)),
        ("popular_order", lambda array: array[:5]),
        ("history_user_offsets", lambda array: array[:1]),
        ("history_item_idx", lambda array: array + np.int32(1_000)),
        ("als_item_factors", lambda array: array[:5]),
        ("als_gram", lambda array: array[:3]),
        ("als_index_items", lambda array: array + np.int32(1_000)),
        ("item_knn_neighbors", lambda array: array + np.int32(1_000)),
        ("als_settings", lambda array: -array),
        ("fusion_chance", lambda array: array + np.float32(2)),
        ("fusion_chance", lambda array: array[:3]),
        ("transitions_similarity", lambda array: array[:, :5]),
        ("user_knn_offsets", lambda array: array[::-1]),
        ("user_knn_items", lambda array: array + np.int32(1_000)),
        ("history_price_place", lambda array: array[:5]),
        ("history_price_place", lambda array: array | np.uint8(0xF0)),
        ("history_prices", lambda array: array[:1]),
        ("history_prices", lambda array: array[:0]),
        ("history_kind", lambda array: array[:5]),
        ("history_kind", lambda array: array | np.uint8(0x7F)),
        ("history_kinds", lambda array: array + np.float32(100)),
        ("history_second", lambda array: array[:5]),
        ("history_start", lambda array: array[:0]),
        ("item_category", lambda array: array + np.int32(1_000)),
        ("item_parent", lambda array: np.arange(len(array), dtype=array.dtype)),
        ("users_offsets", lambda array: array[::-1]),
        ("stats_gap_days", lambda array: array[:5]),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(bundle_copy: Path, name: str, spoil) -> None:
    """An array of another length, dtype or range, hashed rightly, is a `BundleError` before anything serves."""
    _rewrite(bundle_copy, f"{name}.npy", np.ascontiguousarray(spoil(np.load(bundle_copy / f"{name}.npy"))))
    with pytest.raises(BundleError):
        load_recommender(open_bundle(bundle_copy))


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"^left_child=-?\d+", "left_child=0"),
        (r"^split_feature=\d+", "split_feature=1000"),
        (r"^leaf_value=\S+", "leaf_value=nan"),
        (r"^threshold=.*\n", ""),
        (r"^num_leaves=.*\n", ""),
    ],
)
def test_spoilt_trees_are_refused(bundle_copy: Path, pattern: str, replacement: str) -> None:
    """A ranker whose trees are not sound is a `BundleError` though its hash is right."""
    text = (bundle_copy / "ranker.txt").read_text()
    spoilt = re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE)
    assert spoilt != text
    _rewrite(bundle_copy, "ranker.txt", spoilt)
    with pytest.raises(BundleError, match=r"ranker\.txt"):
        load_recommender(open_bundle(bundle_copy))
