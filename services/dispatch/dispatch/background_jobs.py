"""Runs jobs that a transaction alone cannot serve: they wait for a neighbour or for the solver.

A job is a row of the kit's `due` like any timer, so /status counts it as due until its effect is
written, and whoever is killed at any point leaves the row behind. A row is leased by `not_before`,
so replicas do not work on it at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from kit.contracts.refusals import Unavailable
from kit.db.raw_session import RawSession
from kit.db.store import Session, Store
from kit.observability import names
from kit.observability.logs import log
from kit.observability.traces import span

POLL_S = 0.2
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 600.0

_CLAIM = """update due set not_before = $3 where (kind, key) in (
        select kind, key from due
        where kind = $1 and at <= $2 and (not_before is null or not_before <= $4)
        order by at limit $5 for update skip locked)
    returning kind, key, at, tries"""
_ANY = """select exists (select from due
    where kind = any($1) and at <= $2 and (not_before is null or not_before <= $3))"""
_FAILED = """update due set tries = tries + 1, not_before = $4, reason = $5
    where kind = $1 and key = $2 and at = $3"""
_DONE = "delete from due where kind = $1 and key = $2 and at = $3"


@dataclass(frozen=True, slots=True)
class Job:
    """What is done when a timer of this kind is due.

    run: takes the timer's key; may be repeated. at_once: how many of the kind run side by side.
    """

    kind: str
    run: Callable[[str], Awaitable[None]]
    at_once: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A timer that this process has leased."""

    kind: str
    key: str
    at: datetime
    tries: int


class BackgroundJobs:
    """Runs the due jobs of one service.

    lease: longer than any job takes; as long does a killed service leave its work untouched.
    """

    def __init__(
        self, store: Store, jobs: Sequence[Job], *, lease: timedelta = timedelta(seconds=90)
    ) -> None:
        self._store = store
        self._jobs = {job.kind: job for job in jobs}
        self._lease = lease
        self._wake = asyncio.Event()
        store.committed.append(self._committed)

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            self._wake.clear()
            try:
                while await self.run_due():
                    pass
            except Unavailable as error:
                log.warning("background jobs pause", error=error.reason)
                await asyncio.sleep(FIRST_PAUSE_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._wake.wait()

    async def run_due(self) -> int:
        """Runs what is due now, at most one handful; returns how many."""
        if not await self._is_any_due():
            return 0
        claimed = await self._claim()
        await asyncio.gather(*(self._run(job) for job in claimed))
        return len(claimed)

    async def _is_any_due(self) -> bool:
        async with self._store.raw() as session:
            row = await session.fetchrow(
                _ANY, list(self._jobs), session.now, self._store.clock.real()
            )
        return bool(row[0])

    async def _claim(self) -> list[Claimed]:
        real = self._store.clock.real()
        claimed: list[Claimed] = []
        async with self._store.transaction() as session:
            driver = await session.driver()
            for job in self._jobs.values():
                rows = await driver.fetch(
                    _CLAIM, job.kind, session.now, real + self._lease, real, job.at_once
                )
                claimed += [Claimed(*row) for row in rows]
        return claimed

    async def _run(self, claimed: Claimed) -> None:
        kind = claimed.kind
        try:
            with span(names.FIRED, root=True, attributes={"eldercare.timer": kind}, kind=kind):
                await self._jobs[kind].run(claimed.key)
        except Exception as error:  # noqa: BLE001 - recorded in its row, and tried again later
            await self._note_failure(claimed, error)
        else:
            await self._execute(_DONE, claimed)

    async def _note_failure(self, claimed: Claimed, error: Exception) -> None:
        pause_s = min(FIRST_PAUSE_S * 2 ** min(claimed.tries, 20), LONGEST_PAUSE_S)
        log.warning(
            "a background job failed",
            kind=claimed.kind,
            key=claimed.key,
            tries=claimed.tries + 1,
            rest_s=pause_s,
            exc_info=error,
        )
        until = self._store.clock.real() + timedelta(seconds=pause_s)
        await self._execute(_FAILED, claimed, until, type(error).__name__)

    async def _execute(self, statement: str, claimed: Claimed, *values: object) -> None:
        # by its instant too: a job that set itself anew has another one now
        async with self._store.transaction() as session:
            driver = await session.driver()
            await driver.execute(statement, claimed.kind, claimed.key, claimed.at, *values)

    def _committed(self, session: Session | RawSession) -> None:
        if any(
            kind in self._jobs and at is not None and at <= session.now
            for (kind, _), at in session.timers.items()
        ):
            self._wake.set()
