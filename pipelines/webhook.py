"""A message to an address that whoever is on call has named."""

from typing import Any, Final

import httpx

from shortlist.errors import StoreUnavailable

TRIES: Final = 3
TIMEOUT_SECONDS: Final = 10.0


def post(url: str, content: dict[str, Any]) -> None:
    """Send JSON; its ``text`` is what chat programs show.

    Raises
    ------
    StoreUnavailable
        When nobody takes it. The address is not named: it may hold a secret.
    """
    with httpx.Client(transport=httpx.HTTPTransport(retries=TRIES - 1), timeout=TIMEOUT_SECONDS) as client:
        try:
            client.post(url, json=content).raise_for_status()
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise StoreUnavailable(f"The webhook answered {status}. Look at what it stands for.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise StoreUnavailable(f"The webhook cannot be reached ({type(error).__name__}).") from error
