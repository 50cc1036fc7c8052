"""Timers that a transaction alone cannot serve: a day to plan (child process), a voucher to hold, a
contact to ask anew (neighbours).

They are rows of the kit's `due` like any timer, so /status counts them as due until their effect is
written, and whoever is killed at any point leaves the row behind. A row is leased by `not_before`,
so replicas do not work on it at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from dispatch.engine import Engine
from dispatch.flows import contacts, planning
from dispatch.flows.placing import Placing, known
from dispatch.limits import limits
from dispatch.rules.orders import State
from dispatch.tables import Order
from kit.contracts.clock import local_day
from kit.contracts.refusals import Unavailable
from kit.db.raw_session import RawSession
from kit.db.store import Session, Store
from kit.observability import names
from kit.observability.logs import log
from kit.observability.traces import span
from kit.runtime.timers import cancel_timer, set_timer

POLL_S = 0.2
TOGETHER = {
    "reserve": 8,
    "contact": 8,
    "plan": 1,
}  # at once: calls wait for a neighbour, plans for the one solver
REST_S, MOST_REST_S = 1.0, 600.0

_CLAIM = """update due set not_before = $3 where (kind, key) in (
        select kind, key from due where kind = $1 and at <= $2 and (not_before is null or not_before <= $4)
        order by at limit $5 for update skip locked)
    returning kind, key, at, tries"""
_FAILED = (
    "update due set tries = tries + 1, not_before = $3, reason = $4 where kind = $1 and key = "
    "$2 and at = $5"
)
_DONE = "delete from due where kind = $1 and key = $2 and at = $3"

Duty = Callable[[str], Awaitable[None]]


class Duties:
    """Serves the timers of kinds `plan`, `reserve` and `contact`.

    lease: longer than any of them takes; as long does a killed service leave its work untouched.
    """

    def __init__(
        self,
        store: Store,
        placing: Placing,
        engine: Engine,
        *,
        lease: timedelta = timedelta(seconds=90),
    ) -> None:
        self._store, self._placing, self._engine, self._lease = store, placing, engine, lease
        self._kinds: Mapping[str, Duty] = {
            "plan": self._plan,
            "reserve": self._reserve,
            contacts.TIMER: self._contact,
        }
        self._wake = asyncio.Event()
        store.committed.append(self._committed)

    async def run(self) -> None:
        """Serves until cancelled."""
        try:
            while True:
                self._wake.clear()
                try:
                    while await self.serve():
                        pass
                except Unavailable as error:
                    log.warning("duties rest", error=error.reason)
                    await asyncio.sleep(REST_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._wake.wait()
        finally:
            await self._engine.close()

    async def serve(self) -> int:
        """Serves what is due now, at most one handful; returns how many."""
        real, now = self._store.clock.real(), self._store.clock.now()
        if not await self._any():
            return 0
        async with self._store.transaction() as session:
            driver = await session.driver()
            rows = [
                row
                for kind, most in TOGETHER.items()
                for row in await driver.fetch(_CLAIM, kind, now, real + self._lease, real, most)
            ]
        await asyncio.gather(*(self._served(row) for row in rows))
        return len(rows)

    async def _any(self) -> bool:
        async with self._store.raw() as session:
            row = await session.fetchrow(
                "select 1 from due where kind = any($1) and at <= $2 and (not_before is "
                "null or not_before <= $3) limit 1",
                list(self._kinds),
                session.now,
                self._store.clock.real(),
            )
        return row is not None

    async def _served(self, row: Any) -> None:
        try:
            with span(
                names.FIRED,
                root=True,
                attributes={"eldercare.timer": row["kind"]},
                kind=row["kind"],
            ):
                await self._kinds[row["kind"]](row["key"])
        except Exception as error:  # noqa: BLE001 - recorded in its row, and tried again later
            rest_s = min(REST_S * 2 ** min(row["tries"], 20), MOST_REST_S)
            log.warning(
                "a duty failed",
                kind=row["kind"],
                key=row["key"],
                tries=row["tries"] + 1,
                rest_s=rest_s,
                exc_info=error,
            )
            statement, values = (
                _FAILED,
                (
                    self._store.clock.real() + timedelta(seconds=rest_s),
                    type(error).__name__,
                    row["at"],
                ),
            )
        else:
            statement, values = _DONE, (row["at"],)  # type: ignore[assignment]
        async with (
            self._store.transaction() as session
        ):  # a duty that set itself anew has another instant now
            await (await session.driver()).execute(statement, row["kind"], row["key"], *values)

    async def _plan(self, county: str) -> None:
        await planning.plan(self._store, self._engine, county)

    async def _contact(self, key: str) -> None:
        await contacts.renew(self._store, self._placing.assessment, UUID(key))

    async def _reserve(self, key: str) -> None:
        order = await known(self._store, UUID(key))
        if order is None or order["state"] != State.RESERVING:
            return
        try:
            await self._placing.confirm(self._store, order)
        except Unavailable as error:
            log.info("still reserving", order_id=key, error=error.reason)
            async with self._store.transaction() as session:
                await _again(session, order["order_id"])

    def _committed(self, session: Session | RawSession) -> None:
        if any(
            kind in self._kinds and at is not None and at <= session.now
            for (kind, _), at in session.timers.items()
        ):
            self._wake.set()


async def _again(session: Session, order_id: UUID) -> None:
    order = await session.get_locked(Order, order_id)
    if order.state != State.RESERVING:
        return
    if order.wanted_to <= session.now:
        order.state = State.CANCELLED
        cancel_timer(session, "reserve", str(order_id))
    else:
        set_timer(
            session,
            session.now + limits(local_day(session.now)).reserve_retry,
            "reserve",
            str(order_id),
        )
