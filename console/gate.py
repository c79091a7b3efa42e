"""Who may look: a browser that has shown the console's key once, and keeps a cookie since."""

import hashlib
import hmac
from typing import Final

from starlette.requests import Request

COOKIE: Final = "shortlist_console"


def is_key(settings_key: str, given: str) -> bool:
    """Whether a text is the key; in constant time."""
    return hmac.compare_digest(given.encode(), settings_key.encode())


def cookie_of(settings_key: str) -> str:
    """What the cookie holds: proof of the key, and not the key."""
    return hmac.new(settings_key.encode(), b"console session", hashlib.sha256).hexdigest()


def may_look(request: Request, settings_key: str) -> bool:
    """Whether a request comes from such a browser."""
    return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), cookie_of(settings_key).encode())
