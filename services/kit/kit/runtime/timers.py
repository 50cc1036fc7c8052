"""Timers: what is due is fired once, in the transaction that deletes it; several replicas share
them and a restart forgets none.

    due(session, session.now + timedelta(minutes=15), "voucher-lapse", str(voucher_id))

    @timer("voucher-lapse", group="subsidy")
    async def lapse(session: Session, key: str) -> None: ...

A timer is a row that a flow writes with its other effects. It is claimed with SKIP LOCKED on the
business clock. A flow that a timer starts must bear that its reason has gone meanwhile. One that
fails rests, ever longer, and stays visible.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from kit.contracts import ids
from kit.contracts.refusals import Unavailable
from kit.db.driver import Row
from kit.db.errors import FAILED
from kit.db.raw_session import RawSession
from kit.db.store import Contended, Session, Store
from kit.messaging.outbox import Cause, cause
from kit.observability import names
from kit.observability.logs import log
from kit.observability.traces import span, traceparent

Fire = Callable[[Session, str], Awaitable[None]]

POLL_S = 0.1
ASK_S = 1.0  # between two questions for timers that another process has set, or that have rested
TOGETHER = 50  # timers that one transaction fires, as long as none of them fails
REST_S = 1.0
MOST_REST_S = 3600.0

_fires: dict[tuple[str, str], Fire] = {}

_CLAIM = """
select kind, key, at, tries from due
where kind = any($1) and at <= $2 and (not_before is null or not_before <= $3)
order by at
limit $4
for update skip locked"""
_FIRED = "delete from due where (kind, key) in (select * from unnest($1::text[], $2::text[]))"
_FAILED = """
update due set tries = tries + 1, not_before = $3, reason = $4
where kind = $1 and key = $2"""
_NEXT = """
select min(at) from due where kind = any($1) and (not_before is null or not_before <= $2)"""
_COUNT = """
select count(*) as due, count(*) filter (where tries > 0) as failing from due where at <= $1"""


def set_timer(session: Session | RawSession, at: datetime, kind: str, key: str) -> None:
    """Fires `kind` for `key` once the business clock has reached `at`; a later call for the same
    two replaces the instant.
    """
    if at.tzinfo is None:
        raise ValueError(f"timer {kind}: {at} bears no time zone")
    session.timers[kind, key] = at


def cancel_timer(session: Session | RawSession, kind: str, key: str) -> None:
    """Takes a timer away, if there is one."""
    session.timers[kind, key] = None


def timer(kind: str, *, group: str) -> Callable[[Fire], Fire]:
    """Registers what a service does when a timer of this kind is due.

    Raises: ValueError where the service has one of this kind already.
    """

    def register(fire: Fire) -> Fire:
        if _fires.setdefault((group, kind), fire) is not fire:
            raise ValueError(f"{group} has two timers of kind {kind}")
        return fire

    return register


class Timers:
    """Fires the due timers of one service.

    fired: since the start. progress: `time.monotonic()` of the last look. fires: by kind; by
    default what `timer` registered.
    """

    def __init__(
        self, store: Store, group: str, *, fires: Mapping[str, Fire] | None = None
    ) -> None:
        self.store = store
        self.fires = (
            dict(fires)
            if fires is not None
            else {kind: fire for (of, kind), fire in _fires.items() if of == group}
        )
        self.fired = 0
        self.progress = time.monotonic()
        self._due = DueWatch(store, self.fires)
        self._wake = asyncio.Event()
        self._stopping = False
        store.committed.append(self._committed)

    async def run(self) -> None:
        """Fires until `stop()`."""
        for kind in self.fires:
            names.TIMER_FAILED.add(0, kind=kind)
        while not self._stopping:
            self._wake.clear()
            try:
                while not self._stopping and await self.fire():
                    self.progress = time.monotonic()
            except FAILED as error:
                log.warning("timers rest", error=type(error).__name__)
                await asyncio.sleep(REST_S)
            self.progress = time.monotonic()
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._wake.wait()

    def stop(self) -> None:
        """Lets the firing under way end."""
        self._stopping = True
        self._wake.set()

    async def fire(self) -> int:
        """Fires what is due now, at most one transaction's worth; returns how many rows it dealt
        with.
        """
        if not await self._due.any():
            return 0
        try:
            return await self._fired_together(TOGETHER)
        except Unavailable as error:
            if not isinstance(error, Contended):
                raise
            return await self._fired_alone()
        # one of them fails: each alone, so that the others pass and this one is known
        except Exception as error:  # noqa: BLE001
            log.info("timers are fired one by one", error=type(error).__name__)
            return await self._fired_alone()

    async def _claimed(self, session: Session, most: int) -> Sequence[Row]:
        driver = await session.driver()
        rows: Sequence[Row] = await driver.fetch(
            _CLAIM, list(self.fires), session.now, self.store.clock.real(), most
        )
        return rows

    async def _fired_together(self, most: int) -> int:
        async with self.store.transaction() as session:
            rows = await self._claimed(session, most)
            # deleted before the flows run, so that a flow may set the timer that fires it anew
            await (await session.driver()).execute(
                _FIRED, [row["kind"] for row in rows], [row["key"] for row in rows]
            )
            for row in rows:
                await self._run(session, row)
        self._count(rows)
        return len(rows)

    async def _fired_alone(self) -> int:
        handled = 0
        for _ in range(TOGETHER):
            claimed: Row = None
            try:
                async with self.store.transaction() as session:
                    rows = await self._claimed(session, 1)
                    if not rows:
                        break
                    claimed = rows[0]
                    await (await session.driver()).execute(
                        _FIRED, [rows[0]["kind"]], [rows[0]["key"]]
                    )
                    await self._run(session, rows[0])
                self._count(rows)
            except (
                Contended
            ):  # a flow sets the timer anew at this moment; it is still there at the next look
                continue
            except Unavailable:
                raise
            except Exception as error:
                if claimed is None:  # the claim failed, no timer
                    raise
                await self._rest(claimed, error)
            handled += 1
        return handled

    async def _run(self, session: Session, row: Row) -> None:
        with firing(row["kind"]):
            await self.fires[row["kind"]](session, row["key"])

    async def _rest(self, row: Row, error: Exception) -> None:
        rest_s = rest_after(row["tries"], MOST_REST_S)
        names.TIMER_FAILED.add(1, kind=row["kind"])
        log.warning(
            "a timer failed",
            kind=row["kind"],
            key=row["key"],
            tries=row["tries"] + 1,
            rest_s=rest_s,
            error=type(error).__name__,
        )
        async with self.store.transaction() as session:
            until = self.store.clock.real() + timedelta(seconds=rest_s)
            await (await session.driver()).execute(
                _FAILED, row["kind"], row["key"], until, type(error).__name__
            )

    def _count(self, rows: Sequence[Row]) -> None:
        self.fired += len(rows)
        now = self.store.clock.now()
        for row in rows:
            names.TIMER_LATE.record((now - row["at"]).total_seconds(), kind=row["kind"])

    def _committed(self, session: Session | RawSession) -> None:
        if sets_due(session, self.fires):
            self._wake.set()


class DueWatch:
    """Knows when the next timer of some kinds is due, so that a service at rest asks its database
    once in a while, however often it is asked itself.
    """

    def __init__(self, store: Store, kinds: Collection[str]) -> None:
        self._store = store
        self._kinds = kinds
        self._next: datetime | None = None
        self._asked_at = float("-inf")
        self._outdated = True
        store.committed.append(self._committed)

    async def any(self) -> bool:
        """Whether a timer of these kinds is to be fired now."""
        if not self._kinds:
            return False
        if self._outdated or time.monotonic() - self._asked_at > ASK_S or self._reached():
            self._asked_at, self._outdated = time.monotonic(), False
            async with self._store.raw() as session:
                found = await session.fetchrow(_NEXT, list(self._kinds), self._store.clock.real())
            self._next = found[0]
        return self._reached()

    def _reached(self) -> bool:
        return self._next is not None and self._next <= self._store.clock.now()

    def _committed(self, session: Session | RawSession) -> None:
        if any(kind in self._kinds for kind, _ in session.timers):
            self._outdated = True


def sets_due(session: Session | RawSession, kinds: Collection[str]) -> bool:
    """Whether a transaction that has committed set a timer of these kinds that is due already."""
    return any(
        kind in kinds and at is not None and at <= session.now
        for (kind, _), at in session.timers.items()
    )


@contextmanager
def firing(kind: str) -> Iterator[None]:
    """The span of a timer that fires, and the flow that its effects belong to."""
    with span(names.FIRED, root=True, attributes={"eldercare.timer": kind}, kind=kind):
        token = cause.set(Cause(str(ids.new()), None, traceparent()))
        try:
            yield
        finally:
            cause.reset(token)


def rest_after(tries: int, most_s: float) -> float:
    """Seconds that a timer rests which has failed once more: doubled with each time."""
    return min(REST_S * 2.0 ** min(tries, 20), most_s)


async def due_now(store: Store) -> tuple[int, int]:
    """Timers that are due at this business instant, those being fired included, and how many of
    them failed before.
    """
    async with store.raw() as session:
        row = await session.fetchrow(_COUNT, session.now)
    names.TIMERS_DUE.set(row["due"])
    return row["due"], row["failing"]
