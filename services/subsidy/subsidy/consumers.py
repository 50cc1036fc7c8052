"""Facts and time in: each handler and timer is one line that calls a flow."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID

from eldercare.assessment.v1.events_pb2 import (
    AssessmentApproved,
    ElderChanged,
    ElderDied,
    ElderRegistered,
)
from eldercare.dispatch.v1.events_pb2 import OrderCancelled, OrderPlaced
from eldercare.facility.v1.events_pb2 import OrganisationChanged, OrganisationRegistered
from eldercare.supervision.v1.events_pb2 import SettlementApproved, SettlementRefused

from kit.contracts.refusals import Unavailable
from kit.db.store import Session, Store
from kit.messaging.subscriptions import Fact, Prefetch, on, on_batch, replicate
from kit.observability.logs import log
from kit.runtime.parts import Parts
from kit.runtime.timers import timer
from subsidy.flows import entitlements, policies, runs, vouchers
from subsidy.rules.kinds import HoldState
from subsidy.settings import Settings
from subsidy.tables import Case, Elder, Hold, Organisation, Result

GROUP = "subsidy"
SWEPT = 200  # holds released in one transaction

Behind = Callable[[], Awaitable[bool]]
ElderFact = ElderRegistered | ElderChanged | ElderDied


@on(
    ElderRegistered,
    ElderChanged,
    ElderDied,
    group=GROUP,
    replica=Elder,
    prefetch=lambda event: [Prefetch(Case, UUID(event.elder.elder_id))],
)
async def replicate_elder(event: ElderFact, session: Session) -> None:
    await entitlements.replicate_elder(session, event.elder)


def _of_assessment(event: AssessmentApproved) -> Iterator[Prefetch]:
    yield Prefetch(Elder, UUID(event.elder_id), required=True)
    yield Prefetch(Case, UUID(event.elder_id))
    yield Prefetch(Result, UUID(event.assessment_id))


@on_batch(AssessmentApproved, group=GROUP, prefetch=_of_assessment)
async def approve(events: list[tuple[AssessmentApproved, Fact]], session: Session) -> None:
    await entitlements.approve(session, [event for event, _ in events])


@on(OrganisationRegistered, OrganisationChanged, group=GROUP, replica=Organisation)
async def replicate_organisation(
    event: OrganisationRegistered | OrganisationChanged, session: Session
) -> None:
    await replicate(session, event.organisation, Organisation)


@on(OrderPlaced, group=GROUP, prefetch=lambda event: [Prefetch(Hold, UUID(event.order_id))])
async def confirm(event: OrderPlaced, session: Session) -> None:
    await vouchers.confirm(session, event)


@on(OrderCancelled, group=GROUP, prefetch=lambda event: [Prefetch(Hold, UUID(event.order_id))])
async def release(event: OrderCancelled, session: Session) -> None:
    if hold := await session.get(Hold, UUID(event.order_id)):
        await vouchers.release(session, hold, HoldState.RELEASED)


def _of_settlement(event: SettlementApproved | SettlementRefused) -> Iterator[Prefetch]:
    # without a voucher there is nothing to capture or to release
    if event.voucher_fen:
        yield Prefetch(Hold, UUID(event.order_id), required=True)
        if isinstance(event, SettlementApproved):
            yield Prefetch(Elder, UUID(event.elder_id))
            yield Prefetch(Organisation, UUID(event.organisation_id), required=True)


@on(SettlementApproved, group=GROUP, prefetch=_of_settlement)
async def capture(event: SettlementApproved, session: Session) -> None:
    if event.voucher_fen:
        await vouchers.capture(session, event)


@on(SettlementRefused, group=GROUP, prefetch=_of_settlement)
async def release_refused(event: SettlementRefused, session: Session) -> None:
    if event.voucher_fen:
        await vouchers.release(
            session, await session.get_locked(Hold, UUID(event.order_id)), HoldState.RELEASED
        )


@timer(entitlements.REVIEW, group=GROUP)
async def review_elder(session: Session, key: str) -> None:
    await entitlements.review_later(session, UUID(key))


timer(runs.ISSUE, group=GROUP)(runs.issue)
timer(runs.LAPSE, group=GROUP)(runs.lapse)
timer(runs.CASH, group=GROUP)(runs.pay_cash)
timer(runs.SETTLE, group=GROUP)(runs.pay_debts)
timer(runs.REVIEW, group=GROUP)(runs.review)


async def begin(store: Store) -> None:
    """Publishes what was never published and sets the timers of the present period; doing it twice
    changes nothing.
    """
    async with store.transaction() as session:
        await policies.publish(session)
        await runs.schedule_runs(session)


async def sweep(store: Store, behind: Behind) -> int:
    """Releases holds that nobody confirmed in time; returns how many. A lease, so it is measured in
    real time.

    behind: whether orders may be there that were not heard; as long as they are, nobody knows
    whether a hold was confirmed.
    """
    real = store.clock.real()
    async with store.reading() as session:
        due = await vouchers.may_expire(session, real)
    if not due or await behind():
        return 0
    async with store.transaction() as session:
        return await vouchers.expire(session, real, SWEPT)


async def keep_up(parts: Parts, behind: Behind) -> None:
    """Begins, then sweeps for as long as the service runs; behind: as for `sweep`."""
    assert isinstance(parts.settings, Settings)
    begun = False
    while True:
        try:
            if not begun:
                await begin(parts.store)
                begun = True
            while await sweep(parts.store, behind) == SWEPT:
                pass
        except Unavailable as error:
            log.warning("the sweep of holds rests", reason=error.reason)
        await asyncio.sleep(parts.settings.sweep_pause.total_seconds())
