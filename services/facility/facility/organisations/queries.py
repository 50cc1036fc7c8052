"""Selects → replies; lists begin with the caller's scope."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from sqlalchemy import and_, func
from sqlmodel import col, select

from facility import limits
from facility.changes.queries import changes_of
from facility.context import PAGE
from facility.organisations import rules
from facility.organisations.tables import Organisation
from facility.replicas.tables import Ability
from facility.stays.queries import on_day
from facility.stays.tables import Stay
from facility.workers.rules import PlaceOfWork, WorkerStatus
from facility.workers.tables import Worker
from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.db.paging import page
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller


async def organisation(
    session: Session, question: api.GetOrganisation, caller: Caller
) -> events.Organisation:
    """One organisation."""
    return wire.message(events.Organisation, await _seen(session, question, caller))


async def organisations(
    session: Session, question: api.ListOrganisations, caller: Caller
) -> api.OrganisationPage:
    """A page of organisations."""
    wanted = access.scoped(
        select(Organisation),
        caller,
        area=Organisation.area_code,
        organisation=Organisation.organisation_id,
    )
    if question.HasField("area_code"):
        inside = access.area_range(question.area_code)
        wanted = wanted.where(col(Organisation.area_code).between(*inside))
    rows, then = await page(session, wanted, Organisation.organisation_id, question, PAGE)
    states = [wire.message(events.Organisation, row) for row in rows]
    return api.OrganisationPage(rows=states, next=then)


async def changes(
    session: Session, question: api.GetOrganisation, caller: Caller
) -> api.OrganisationChangePage:
    """What was changed of an organisation."""
    row = await _seen(session, question, caller)
    kept = [
        wire.message(
            api.OrganisationChange,
            change,
            organisation_before=events.Organisation.FromString(change.before),
            organisation_after=events.Organisation.FromString(change.after),
        )
        for change in await changes_of(session, row.organisation_id, caller)
    ]
    return api.OrganisationChangePage(rows=kept)


async def staffing(session: Session, question: api.GetOrganisation, caller: Caller) -> api.Staffing:
    """Certified caregivers of an organisation against those that its residents of today require."""
    row = await _seen(session, question, caller)
    today = local_day(session.now)
    levels = await _levels(session, row.organisation_id, caller, today)
    certified = await _certified(session, row.organisation_id, caller, today)
    assessed = [level for level in levels if level is not None]
    numbers = limits.staffing(today)
    required = rules.required_caregivers(
        assessed, numbers.care_classes, numbers.persons_per_caregiver
    )
    return wire.message(
        api.Staffing,
        row,
        residents=len(levels),
        unassessed=len(levels) - len(assessed),
        required_caregivers=required,
        certified_caregivers=certified,
        share=certified / required if required else None,
    )


async def _seen(session: Session, question: api.GetOrganisation, caller: Caller) -> Organisation:
    key = UUID(question.organisation_id)
    return await session.get_seen(
        Organisation, key, caller, area="area_code", organisation="organisation_id"
    )


async def _levels(
    session: Session, organisation_id: UUID, caller: Caller, today: date
) -> Sequence[int | None]:
    """The level in force of each resident of today; None where there is none."""
    in_force = and_(
        col(Ability.elder_id) == Stay.elder_id,
        col(Ability.valid_from) <= today,
        col(Ability.valid_to) > today,
    )
    wanted = access.scoped(
        select(Ability.level),
        caller,
        area=Organisation.area_code,
        organisation=Organisation.organisation_id,
    )
    wanted = (
        wanted.select_from(Stay)
        .join(Organisation, col(Organisation.organisation_id) == Stay.organisation_id)
        .outerjoin(Ability, in_force)
        .where(Stay.organisation_id == organisation_id, on_day(today))
    )
    return (await session.exec(wanted)).all()


async def _certified(session: Session, organisation_id: UUID, caller: Caller, today: date) -> int:
    """Caregivers who work there, not in homes, and hold a certificate."""
    wanted = access.scoped(
        select(func.count(col(Worker.worker_id))),
        caller,
        area=Worker.area_code,
        organisation=Worker.organisation_id,
    )
    wanted = wanted.where(
        Worker.organisation_id == organisation_id,
        Worker.status == WorkerStatus.ACTIVE,
        col(Worker.caregiver),
        col(Worker.certified_until) >= today,
        col(Worker.place_of_work).is_distinct_from(PlaceOfWork.HOMES),
    )
    return (await session.exec(wanted)).one()
