"""The register as one process sees it: what came in here counts at once, what came in elsewhere soon after."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from data.log.register import Fact, Register
from data.people import People, pseudonym

States = Mapping[str, Mapping[str, Any]]


class LiveRegister:
    """The register of a home; one event loop's.

    Parameters
    ----------
    open_register : callable
        Opens it when it is first needed.

    Attributes
    ----------
    items : dict of str to dict
        The states of items that are in the register, by id.
    revision : int
        Changes with every change of an item's state.
    on_items : callable
        Is told of the states that are new.
    people : People
        Who is forgotten, and which ids are one user.
    on_forgotten : callable
        Is told which users are forgotten anew, as a test of their ids.
    """

    def __init__(self, open_register: Callable[[], Register]) -> None:
        self._open = open_register
        self._register: Register | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="register")
        self._position = 0
        self.items: dict[str, dict[str, Any]] = {}
        self.revision = 0
        self.on_items: Callable[[States], None] | None = None
        self.people = People()
        self.on_forgotten: Callable[[Callable[[str], bool]], None] | None = None

    async def put_items(self, states: States) -> None:
        """Keep states of items durably; they count when this returns. Raises ``StoreUnavailable``."""
        await asyncio.get_running_loop().run_in_executor(self._thread, lambda: self._opened().put("item", states))
        await self.catch_up()

    async def catch_up(self) -> None:
        """Take over what is new, whichever process put it there. Raises ``StoreUnavailable``."""
        read = asyncio.get_running_loop().run_in_executor(self._thread, self._unseen)
        self._take(await read)

    def close(self) -> None:
        """Let go of the file."""
        self._thread.shutdown()
        if self._register is not None:
            self._register.close()

    def _unseen(self) -> list[Fact]:
        """In the register's own thread."""
        return self._opened().read_after(self._position)

    def _opened(self) -> Register:
        if self._register is None:
            self._register = self._open()
            self.people.secret = self._register.secret()
        return self._register

    def _take(self, facts: list[Fact]) -> None:
        new = [fact for fact in facts if fact.position > self._position]  # two may have read the same
        if not new:
            return
        self._position = new[-1].position
        for fact in new:
            self.people.note(fact)
        self._forget({fact.key for fact in new if fact.kind == "forgotten"})
        states = {fact.key: fact.content for fact in new if fact.kind == "item"}
        self.items |= states
        if states:
            self.revision = self._position
            if self.on_items is not None:
                self.on_items(states)

    def _forget(self, keys: set[str]) -> None:
        if keys and self.on_forgotten is not None:
            self.on_forgotten(lambda user_id: pseudonym(self.people.secret, user_id) in keys)
