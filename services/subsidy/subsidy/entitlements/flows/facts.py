"""Takes in what is known of elders, and has decided again what rests on it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from eldercare.assessment.v1 import events_pb2 as assessment

from kit.contracts import wire
from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from kit.runtime.timers import set_timer
from subsidy.entitlements.flows.courses import Course
from subsidy.entitlements.flows.reviewing import REVIEW, keep_case, review
from subsidy.entitlements.tables import Case
from subsidy.policies import flows as policies
from subsidy.recoveries.flows.deaths import give_back_visits
from subsidy.replicas import flows as replicas
from subsidy.replicas.rules import Status
from subsidy.replicas.tables import Elder, Result


async def approve(session: Session, events: Sequence[assessment.AssessmentApproved]) -> None:
    """Stores approved levels and decides again about their elders, each once."""
    elders: dict[UUID, Elder] = {}
    for event in events:
        elder_id = UUID(event.elder_id)
        if await session.get(Result, UUID(event.assessment_id)):
            continue
        session.add(wire.row(Result, event))
        approved_on = local_day(wire.instant(event.approved_at))
        application_id = UUID(event.application_id)
        await replicas.close_application(session, application_id, elder_id, approved_on)
        if elder_id not in elders:
            await keep_case(session, elder_id)
        elders[elder_id] = await session.get_locked(Elder, elder_id)
    await session.flush()
    # one lock order for all who decide about several
    await review(session, sorted(elders.values(), key=lambda elder: elder.elder_id))


async def replicate_elder(session: Session, state: assessment.Elder, stated_at: datetime) -> None:
    """Keeps an elder's state, and decides again where what policies ask for changed."""
    known = await session.get(Elder, UUID(state.elder_id))
    before = known and _deciding_facts(known)
    died_before = known and known.died_on
    elder = await replicas.replicate_elder(session, state, local_day(stated_at))
    if before == _deciding_facts(elder):
        return
    if elder.periods or await session.get(Case, elder.elder_id) is not None:
        await session.flush()
        await review(session, [elder])
    else:
        await _await_age(session, elder)
    if died_before and elder.died_on != died_before:
        # after the vouchers that the death had ended are there again
        await session.flush()
        await give_back_visits(session, elder.elder_id, elder.died_on)


async def _await_age(session: Session, elder: Elder) -> None:
    """Nothing is known of this elder but an age, which gives something today or on a birthday."""
    history = replicas.history_of(elder, [])
    today = local_day(session.now)
    if any(Course(code, history).holds(today) for code in policies.concerning(history)):
        await session.flush()
        await review(session, [elder])
    elif elder.status == Status.ALIVE and (day := policies.next_change(history, today)):
        set_timer(session, day_start(day), REVIEW, str(elder.elder_id))


async def hear_application(session: Session, event: assessment.ApplicationSubmitted) -> None:
    """Keeps that a level is asked for: until it is decided, the end of the last one only suspends
    what it gave.
    """
    await replicas.open_application(session, event)


async def hear_withdrawal(session: Session, event: assessment.ApplicationWithdrawn) -> None:
    """Keeps that no level will come of an application, and decides again about its elder."""
    elder_id = UUID(event.elder_id)
    day = local_day(wire.instant(event.withdrawn_at))
    await replicas.close_application(session, UUID(event.application_id), elder_id, day)
    await _review_known(session, elder_id)


async def hear_rejection(session: Session, event: assessment.AssessmentRejected) -> None:
    """Keeps that the bureau found no level in force, and decides again about its elder: what rested
    ends as of the day since which it rested.
    """
    elder_id = UUID(event.elder_id)
    ids = UUID(event.application_id), elder_id, UUID(event.assessment_id)
    day = local_day(wire.instant(event.rejected_at))
    await replicas.reject_application(session, *ids, day)
    await _review_known(session, elder_id)


async def hear_appeal(session: Session, event: assessment.AssessmentAppealed) -> None:
    """Keeps that the bureau decides again: a level that comes of it fills the time since the last
    one.
    """
    day = local_day(wire.instant(event.appealed_at))
    await replicas.reopen_application(session, UUID(event.assessment_id), day)


async def _review_known(session: Session, elder_id: UUID) -> None:
    if await session.get(Case, elder_id) is not None:
        await session.flush()
        await review(session, [await session.get_locked(Elder, elder_id)])


def _deciding_facts(elder: Elder) -> tuple[object, ...]:
    periods = sorted(map(str, elder.periods))
    residences = list(map(str, elder.residences))
    return (
        elder.area_code,
        periods,
        residences,
        elder.status,
        elder.died_on,
        elder.born_on,
        elder.reported_died_on,
    )
