"""Facts of other services as rules take them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import zip_longest
from uuid import UUID

from eldercare.assessment.v1 import events_pb2 as assessment
from sqlalchemy import func
from sqlmodel import col, select

from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.subscriptions import replicate
from subsidy.replicas.rules import (
    ApprovedLevel,
    History,
    Period,
    Residence,
    Status,
    Waiting,
    bridged,
    known_periods,
    lived_at,
)
from subsidy.replicas.tables import Application, Elder, Result


async def histories(session: Session, elders: Sequence[Elder]) -> Mapping[UUID, History]:
    """What is known of these elders by days, by elder."""
    within = [elder.elder_id for elder in elders]
    results = defaultdict[UUID, list[Result]](list)
    wanted = select(Result).where(col(Result.elder_id) == func.any(within))
    for result in (await session.exec(wanted)).all():
        results[result.elder_id].append(result)
    asked = defaultdict[UUID | None, list[Application]](list)
    open_once = select(Application).where(
        col(Application.elder_id) == func.any(within), col(Application.submitted_on).is_not(None)
    )
    for application in (await session.exec(open_once)).all():
        asked[application.elder_id].append(application)
    return {
        elder.elder_id: history_of(elder, results[elder.elder_id], asked[elder.elder_id])
        for elder in elders
    }


def history_of(
    elder: Elder, results: Sequence[Result], applications: Sequence[Application] = ()
) -> History:
    """What is known of an elder by days."""
    levels = [
        ApprovedLevel(
            result.level,
            result.valid_from,
            result.valid_to,
            local_day(result.approved_at),
            result.approved_at,
        )
        for result in results
    ]
    asked = sorted(
        ((one.submitted_on, one.closed_on) for one in applications if one.submitted_on is not None),
        key=lambda one: one[0],
    )
    # one elder has one open application at most: the next one ends what no event did
    nexts = [submitted_on for submitted_on, _ in asked[1:]]
    waiting = [
        Waiting(submitted_on, closed_on or following)
        for (submitted_on, closed_on), following in zip_longest(asked, nexts)
    ]
    return History(
        residences=_residences(elder),
        periods=_periods(elder),
        levels=bridged(levels, waiting),
        waiting=waiting,
        born_on=elder.born_on,
        died_on=elder.died_on,
    )


async def replicate_elder(session: Session, state: assessment.Elder, day: date) -> Elder:
    """Keeps an elder's state, and the days that it tells. day: on which it was stated."""
    known: Elder | None = await session.get(Elder, UUID(state.elder_id))
    before = _periods(known) if known else []
    stated = [
        Period(one.hardship, _day(one.since_on), _day(one.until_on))
        for one in state.hardship_periods
    ]
    periods = known_periods(before, stated, state.hardships, day)
    residences = _residences(known) if known else []
    status = Status(state.status)
    if status is Status.DEAD and state.HasField("died_on"):
        # a death has its own day, and may turn out to be wrong
        status = residences[-1].status if residences else Status.ALIVE
    is_dead = state.HasField("died_on")
    residences = lived_at(
        residences,
        Residence(day, state.area_code, status),
        gone_on=_day(state.moved_out_on),
        effective_on=None if is_dead else _day(state.effective_on),
    )
    return await replicate(
        session,
        state,
        Elder,
        periods=[
            {"hardship": one.hardship, "since": _text(one.since), "until": _text(one.until)}
            for one in periods
        ],
        residences=[
            {"since": _text(one.since), "area_code": one.area_code, "status": int(one.status)}
            for one in residences
        ],
    )


def _residences(elder: Elder) -> list[Residence]:
    if not elder.residences:
        return [Residence(None, elder.area_code, elder.status)]
    return [
        Residence(_day(one["since"]), one["area_code"], Status(one["status"]))
        for one in elder.residences
    ]


def _periods(elder: Elder) -> list[Period]:
    kept = [
        Period(one["hardship"], _day(one["since"]), _day(one["until"])) for one in elder.periods
    ]
    known = {one.hardship for one in kept}
    # of a release that kept no days: as far back as anything is known
    return kept + [Period(one, None) for one in elder.hardships if one not in known]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


async def open_application(session: Session, event: assessment.ApplicationSubmitted) -> None:
    """An elder asked for a level, or the bureau did."""
    row = await _application(session, UUID(event.application_id), UUID(event.elder_id))
    row.submitted_on = local_day(wire.instant(event.submitted_at))


async def close_application(
    session: Session, application_id: UUID, elder_id: UUID, day: date
) -> None:
    """An application came to its end, with a level or without."""
    row = await _application(session, application_id, elder_id)
    row.closed_on = day


async def reject_application(
    session: Session, application_id: UUID, elder_id: UUID, assessment_id: UUID, day: date
) -> None:
    """No level comes of an application, unless an appeal is lodged."""
    row = await _application(session, application_id, elder_id)
    row.closed_on = day
    row.rejected_id = assessment_id


async def reopen_application(session: Session, assessment_id: UUID, day: date) -> None:
    """A rejection was appealed against: the elder waited until then too."""
    wanted = select(Application).where(col(Application.rejected_id) == assessment_id)
    row = (await session.exec(wanted)).first()
    if row is not None:
        row.closed_on = day


async def _application(session: Session, application_id: UUID, elder_id: UUID) -> Application:
    row: Application | None = await session.get(Application, application_id)
    if row is None:
        row = Application(application_id=application_id)
        session.add(row)
    row.elder_id = elder_id
    return row
