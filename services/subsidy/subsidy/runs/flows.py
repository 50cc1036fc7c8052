"""Runs over the whole population: chunk by chunk, each in a transaction of its own, resumed where a
kill stopped them.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.store import Session
from kit.runtime.timers import set_timer
from subsidy.runs.tables import Run

# rows per transaction: large enough that the commit does not count, small enough that no lock is
# held for a second
CHUNK = 1000


class Progress(NamedTuple):
    """What one chunk has done. last: the key it ended at, None where there are no more. done: rows
    written.
    """

    last: UUID | None
    done: int


class Upcoming(NamedTuple):
    """The run that follows: its period, and the business instant at which it is due."""

    period: str
    begins_at: datetime


Chunk = Callable[[Session, UUID | None], Awaitable[Progress]]


async def schedule(session: Session, kind: str, period: str, begins_at: datetime) -> None:
    """Sets the timer of a run, unless it has ended: each run sets the timer of the next one
    itself.
    """
    if not await is_finished(session, kind, period):
        set_timer(session, begins_at, kind, period)


async def is_finished(session: Session, kind: str, period: str) -> bool:
    """Whether a run has come to its end."""
    run = await session.get(Run, (kind, period))
    return run is not None and run.finished_at is not None


async def step(
    session: Session, kind: str, period: str, chunk: Chunk, upcoming: Upcoming | None = None
) -> None:
    """One chunk of a run; the timer fires at once for the next chunk, and in time for the upcoming
    run.

    chunk: called with the key after which it goes on, None at the beginning.
    """
    run = await session.get(Run, (kind, period), with_for_update=True)
    if run is None:
        run = Run(kind=kind, period=period, started_at=session.now)
        session.add(run)
        await session.flush()
    if run.finished_at is None:
        last, done = await chunk(session, run.cursor)
        run.done += done
        if last is not None:
            run.cursor = last
            set_timer(session, session.now, kind, period)
            return
        run.finished_at = session.now
    if upcoming is not None:
        set_timer(session, upcoming.begins_at, kind, upcoming.period)
