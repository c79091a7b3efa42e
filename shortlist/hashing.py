"""Content hashes: of files for integrity, of configuration for identity."""

import hashlib
from pathlib import Path
from typing import Any

import orjson


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of a file's bytes, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_sha256(value: Any) -> str:
    """Hex SHA-256 of a JSON-like value, the same for the same content whatever the order of its keys.

    >>> content_sha256({"a": 1, "b": 2}) == content_sha256({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
