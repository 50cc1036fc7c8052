"""A session without ORM and without locks for hot flows: it reads freely, and all it writes is one
statement.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache

import asyncpg

from kit.db import final_write
from kit.db.context import StoreContext
from kit.db.driver import Driver, Row

_PLACE = re.compile(r"\$(\d+)")


class RawSession:
    """What a hot flow works with; `kit.rpc.idempotency` tells how.

    now: business instant. messages, timers, answer, committed: as in a Session.
    """

    def __init__(self, store: StoreContext, driver: Driver) -> None:
        self.store = store
        self.now: datetime = store.clock.now()
        self.messages: list[final_write.OutboxMessage] = []
        self.timers: dict[tuple[str, str], datetime | None] = {}
        self.answer: final_write.Answer | None = None
        self.committed: list[Callable[[], None]] = []
        self._driver = driver
        self._writes: list[tuple[str, tuple[object, ...]]] = []

    async def fetch(self, select: str, *values: object) -> list[Row]:
        """Rows as they are now, unlocked."""
        return await self._driver.fetch(_reads(select), *values)

    async def fetchrow(self, select: str, *values: object) -> Row:
        """The first row, or None."""
        return await self._driver.fetchrow(_reads(select), *values)

    def write(self, statement: str, *values: object) -> None:
        """Adds an insert, update or delete that must touch exactly one row; else nothing of this
        session is written.
        """
        self._writes.append((statement, values))

    async def finish(self) -> None:
        """Writes everything; called by the edge alone.

        Raises: final_write.Repeated where a write touched no row, or more than one, or the command
        was answered before.
        """
        if not self._writes:
            if self.answer and (
                self.messages or self.timers
            ):  # what a repeated key emits is undone with it
                async with self._driver.transaction():
                    await final_write.write(self._driver, self.messages, self.timers, self.answer)
            else:
                await final_write.write(self._driver, self.messages, self.timers, self.answer)
            return
        values = [value for _, given in self._writes for value in given]
        ends, end_values = final_write.steps(
            self.messages, self.timers, self.answer, after=len(self._writes)
        )
        statement = _whole(
            tuple((text, len(given)) for text, given in self._writes), ends, self.answer is not None
        )
        try:
            await self._driver.fetchval(statement, *values, *end_values)
        except asyncpg.DivisionByZeroError as error:
            raise final_write.Repeated from error


def _reads(select: str) -> str:
    if not select.lstrip().lower().startswith(("select", "with")):
        raise ValueError("a raw session reads with `fetch` and writes with `write`")
    return select


@cache
def _whole(writes: tuple[tuple[str, int], ...], ends: tuple[str, ...], answer: bool) -> str:
    """One statement of all steps; a step that touches another number of rows than one divides by
    zero, which undoes all of them.
    """
    parts, place = [], 0
    for number, (text, count) in enumerate(writes):
        parts.append(f"write_{number} as ({_shifted(text, place)} returning 1)")
        place += count
    end = final_write.numbered(", ".join(ends), place)
    touched = final_write.one_each(
        [f"write_{number}" for number in range(len(writes))] + ["kept"] * answer
    )
    return " ".join(
        ["with", ", ".join(filter(None, [*parts, end])), "select 1 /", f"({touched})::int"]
    )


def _shifted(text: str, by: int) -> str:
    return _PLACE.sub(lambda found: f"${int(found[1]) + by}", text)
