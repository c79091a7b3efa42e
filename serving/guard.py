"""Keys at the door: a header must hold what was configured."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Security
from fastapi.security import APIKeyHeader

from serving.errors import Unauthorized


def key_check(key: str, header_name: str) -> Callable[..., Awaitable[None]]:
    """Make the dependency that refuses a request whose header is not the configured key; in constant time."""
    expected = key.encode()
    header = APIKeyHeader(name=header_name, auto_error=False)

    async def check(given: Annotated[str | None, Security(header)]) -> None:
        if not hmac.compare_digest((given or "").encode("latin-1"), expected):
            raise Unauthorized(f"The header {header_name} is missing or wrong. Send the key that the service has.")

    return check
