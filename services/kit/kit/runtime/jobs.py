"""Background jobs: timers whose work no transaction can hold, because it takes long or asks a
neighbour. What is due is leased, worked on between two transactions, and then deleted.

    # a flow sets it like any timer, with its other effects
    set_timer(session, session.now, "plan", county)

    # __main__
    jobs = BackgroundJobs(store, {"plan": Job(plan), "contact": Job(renew_contact, at_once=8)})
    run(settings, also=[lambda _: jobs])

A job is a row of the kit's `due`, so /status counts it until its effect is written, and whoever is
killed at any point leaves the row behind. The lease is `not_before`, in real time: replicas do not
work on it at once. Work must bear repetition. A job that fails rests, ever longer, and stays
visible. Work that needs no row, only to be done now and then, is a `kit.db.periodic.Periodic`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from kit.db.driver import Row
from kit.db.errors import FAILED
from kit.db.raw_session import RawSession
from kit.db.store import Session, Store
from kit.observability import names
from kit.observability.logs import log
from kit.runtime.timers import DueWatch, firing, rest_after, sets_due

POLL_S = 0.2
REST_S = 1.0
MOST_REST_S = 600.0
LEASE = timedelta(seconds=90)

_LEASE = """
update due set not_before = $3
where (kind, key) in (
    select kind, key from due
    where kind = $1 and at <= $2 and (not_before is null or not_before <= $4)
    order by at
    limit $5
    for update skip locked)
returning kind, key, at, tries"""
# a job that set itself anew has another instant now
_FAILED = """
update due set tries = tries + 1, not_before = $3, reason = $4
where kind = $1 and key = $2 and at = $5"""
_DONE = "delete from due where kind = $1 and key = $2 and at = $3"


@dataclass(frozen=True)
class Job:
    """What is done for a key. at_once: how many keys are worked on side by side."""

    work: Callable[[str], Awaitable[None]]
    at_once: int = 1


class BackgroundJobs:
    """Does the due jobs of one service; a loop (kit.runtime.loops.Loop).

    jobs: by kind of timer. lease: longer than any of them takes; as long does a killed service
    leave its work untouched.
    """

    def __init__(self, store: Store, jobs: Mapping[str, Job], *, lease: timedelta = LEASE) -> None:
        self._store = store
        self._jobs = jobs
        self._lease = lease
        self._due = DueWatch(store, jobs)
        self._polled_at = time.monotonic()
        self._begun_at: float | None = None  # of the jobs under way
        self._wake = asyncio.Event()
        self._stopping = False
        store.committed.append(self._committed)

    @property
    def progress(self) -> float:
        """`time.monotonic()` of the last look; jobs may take as long as their lease."""
        now = time.monotonic()
        begun_at = self._begun_at
        if begun_at is not None and now - begun_at < self._lease.total_seconds():
            return now
        return self._polled_at

    async def run(self) -> None:
        """Works until `stop()`."""
        for kind in self._jobs:
            names.TIMER_FAILED.add(0, kind=kind)
        while not self._stopping:
            self._wake.clear()
            try:
                while not self._stopping and await self.work():
                    self._polled_at = time.monotonic()
            except FAILED as error:
                log.warning("jobs rest", error=type(error).__name__)
                await asyncio.sleep(REST_S)
            self._polled_at = time.monotonic()
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._wake.wait()

    def stop(self) -> None:
        """Lets the jobs under way end."""
        self._stopping = True
        self._wake.set()

    async def work(self) -> int:
        """Does what is due now, at most one handful of each kind; returns how many."""
        if not await self._due.any():
            return 0
        rows = await self._leased()
        self._begun_at = time.monotonic()
        try:
            await asyncio.gather(*(self._done(row) for row in rows))
        finally:
            self._begun_at = None
        return len(rows)

    async def _leased(self) -> list[Row]:
        now = self._store.clock.real()
        rows: list[Row] = []
        async with self._store.transaction() as session:
            driver = await session.driver()
            for kind, job in self._jobs.items():
                until = now + self._lease
                rows += await driver.fetch(_LEASE, kind, session.now, until, now, job.at_once)
        return rows

    async def _done(self, row: Row) -> None:
        kind = row["kind"]
        key = row["key"]
        at = row["at"]
        try:
            with firing(kind):
                await self._jobs[kind].work(key)
        except Exception as error:  # noqa: BLE001 - recorded in its row, and tried again later
            await self._rest(row, error)
            return
        async with self._store.transaction() as session:
            await (await session.driver()).execute(_DONE, kind, key, at)

    async def _rest(self, row: Row, error: Exception) -> None:
        kind = row["kind"]
        key = row["key"]
        tries = row["tries"]
        rest_s = rest_after(tries, MOST_REST_S)
        names.TIMER_FAILED.add(1, kind=kind)
        log.warning(
            "a job failed", kind=kind, key=key, tries=tries + 1, rest_s=rest_s, exc_info=error
        )
        until = self._store.clock.real() + timedelta(seconds=rest_s)
        reason = type(error).__name__
        async with self._store.transaction() as session:
            driver = await session.driver()
            await driver.execute(_FAILED, kind, key, until, reason, row["at"])

    def _committed(self, session: Session | RawSession) -> None:
        if sets_due(session, self._jobs):
            self._wake.set()
