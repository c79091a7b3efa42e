"""What the register says of users: who is forgotten, and which ids are one user."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from data.log.register import Fact, Register
from shortlist.home import Home
from shortlist.ids import without_point

_PSEUDONYM_BYTES: Final = 16


@dataclass(slots=True)
class People:
    """The users of one home of whom there is something to know.

    Attributes
    ----------
    secret : bytes
        The home's own, without which pseudonyms cannot be told from ids.
    moments : dict of str to float
        By pseudonym, when the user was forgotten, in seconds since 1970: what was known before is not used.
    targets : dict of str to str
        By an id that was merged, the id that it was merged into.
    """

    secret: bytes = b""
    moments: dict[str, float] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    _groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _merges: dict[str, tuple[str, str]] = field(default_factory=dict)

    def moment(self, user_id: str) -> float | None:
        """When a user was forgotten; None of one who is not."""
        return self.moments.get(pseudonym(self.secret, user_id)) if self.moments else None

    def ids(self, user_id: str) -> tuple[str, ...]:
        """All ids of the user who has one of them, the one that the others were merged into first."""
        return self._groups.get(canonical_user(user_id), (user_id,)) if self._groups else (user_id,)

    def note(self, fact: Fact) -> None:
        """Take over what the register says."""
        if fact.kind == "forgotten":
            self.moments[fact.key] = float(fact.content["at"])
        elif fact.kind == "merged":
            self._merges.pop(fact.key, None)
            if fact.content["into"] is not None:
                self._merges[fact.key] = fact.content["source"], fact.content["into"]
            self.targets = dict(self._merges.values())
            self._groups = _groups(self.targets)


def canonical_user(user_id: str) -> str:
    """An id as files and the journal have it."""
    return without_point(user_id.strip())


def pseudonym(secret: bytes, user_id: str) -> str:
    """A keyed hash of an id: BLAKE2b, RFC 7693."""
    written = canonical_user(user_id).encode("utf-8", "surrogatepass")
    return blake2b(written, key=secret, digest_size=_PSEUDONYM_BYTES).hexdigest()


def read_people(home: Home) -> People:
    """What the register of a home says of users. Raises ``StoreUnavailable``."""
    if not home.register.exists():
        return People()
    with closing(Register(home.register)) as register:
        return people_of(register)


def people_of(register: Register) -> People:
    """The same of a register that is open."""
    found = People(register.secret())
    for fact in (*register.all_of("forgotten"), *register.all_of("merged")):
        found.note(fact)
    return found


def root(targets: Mapping[str, str], user_id: str) -> str:
    """The id that an id was merged into, through others or not; itself where it was not."""
    while user_id in targets:
        user_id = targets[user_id]
    return user_id


def _groups(targets: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """By each id, all ids of the same user, the root first."""
    members: dict[str, list[str]] = {}
    for source in targets:
        of_root = members.setdefault(root(targets, source), [root(targets, source)])
        of_root.append(source)
    return {one: tuple(group) for group in members.values() for one in group}
