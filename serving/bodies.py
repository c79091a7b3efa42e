"""Bodies that hold records: an array of them, or an object with it under its name."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from fastapi import Request

from serving.errors import BodyTooLarge, InvalidBody

MOST_RECORDS: Final = 1_000
MOST_BYTES: Final = 4 * 2**20


async def read_records(request: Request, name: str) -> Sequence[object]:
    """The records of a request's body. Raises ``BodyTooLarge`` and ``InvalidBody``."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise BodyTooLarge(f"The body is longer than {MOST_BYTES // 2**20} MB. Send fewer {name} at a time.")
    return _records(bytes(body), name)


def described_body(name: str, example: object) -> dict[str, Any]:
    """What the description of the API says of such a body."""
    records = {"type": "array", "minItems": 1, "maxItems": MOST_RECORDS, "items": {}}
    wrapped = {"type": "object", "required": [name], "properties": {name: records}}
    content = {"application/json": {"schema": {"anyOf": [records, wrapped]}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def _records(body: bytes, name: str) -> Sequence[object]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidBody(f"The body is not JSON: {error}. Send an array of {name}.") from error
    records = content.get(name) if isinstance(content, dict) else content
    if not isinstance(records, list) or not records:
        raise InvalidBody(f"The body holds no {name}. Send an array of them, or an object with it as `{name}`.")
    if len(records) > MOST_RECORDS:
        raise InvalidBody(f"{len(records):,} {name} are more than the {MOST_RECORDS:,} that one request may hold.")
    return records
