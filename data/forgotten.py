"""Who is forgotten, and since when: by pseudonym, so that what remembers it names nobody."""

from contextlib import closing
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from data.log.register import Fact, Register
from shortlist.home import Home
from shortlist.ids import without_point

_PSEUDONYM_BYTES: Final = 16


@dataclass(slots=True)
class Forgotten:
    """The users of one home who are forgotten.

    Attributes
    ----------
    secret : bytes
        The home's own, without which pseudonyms cannot be told from ids.
    moments : dict of str to float
        By pseudonym, when the user was forgotten, in seconds since 1970: what was known before is not used.
    """

    secret: bytes = b""
    moments: dict[str, float] = field(default_factory=dict)

    def moment(self, user_id: str) -> float | None:
        """When a user was forgotten; None of one who is not."""
        return self.moments.get(pseudonym(self.secret, user_id)) if self.moments else None

    def note(self, fact: Fact) -> None:
        """Take over what the register says."""
        self.moments[fact.key] = float(fact.content["at"])


def canonical_user(user_id: str) -> str:
    """An id as files and the journal have it."""
    return without_point(user_id.strip())


def pseudonym(secret: bytes, user_id: str) -> str:
    """A keyed hash of an id: BLAKE2b, RFC 7693."""
    written = canonical_user(user_id).encode("utf-8", "surrogatepass")
    return blake2b(written, key=secret, digest_size=_PSEUDONYM_BYTES).hexdigest()


def read_forgotten(home: Home) -> Forgotten:
    """Who is forgotten in a home. Raises ``StoreUnavailable``."""
    if not home.register.exists():
        return Forgotten()
    with closing(Register(home.register)) as register:
        found = Forgotten(register.secret())
        for fact in register.all_of("forgotten"):
            found.note(fact)
    return found
