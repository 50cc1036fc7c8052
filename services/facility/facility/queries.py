"""What this service tells: selects → replies; lists begin with the caller's scope."""

from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as said
from sqlalchemy import and_, func, or_
from sqlmodel import SQLModel, col, select

from facility import rules
from facility.ground import Ground
from facility.rules import WorkerStatus
from facility.tables import Ability, Bed, Facility, Organisation, Stay, Worker
from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound
from kit.db.paging import page
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller

Row = TypeVar("Row", bound=SQLModel)

PAGE = 50  # rows of a page where the caller names none


async def organisation(
    session: Session, question: api.GetOrganisation, caller: Caller
) -> said.Organisation:
    """One organisation."""
    return wire.message(
        said.Organisation, await _one(session, Organisation, question.organisation_id, caller)
    )


async def organisations(
    session: Session, question: api.ListOrganisations, caller: Caller
) -> api.OrganisationPage:
    """A page of organisations."""
    wanted = _within(_scoped(Organisation, caller), Organisation, question)
    rows, then = await page(session, wanted, Organisation.organisation_id, question, PAGE)
    return api.OrganisationPage(
        rows=[wire.message(said.Organisation, row) for row in rows], next=then
    )


async def staffing(
    session: Session, question: api.GetOrganisation, caller: Caller, ground: Ground
) -> api.Staffing:
    """Certified caregivers of an organisation against those that its residents of today require."""
    row = await _one(session, Organisation, question.organisation_id, caller)
    today = local_day(session.now)
    levels = (
        await session.exec(
            access.scoped(
                select(Ability.level),
                caller,
                area=Organisation.area_code,
                organisation=Organisation.organisation_id,
            )
            .select_from(Stay)
            .join(Organisation, col(Organisation.organisation_id) == Stay.organisation_id)
            .outerjoin(
                Ability,
                and_(
                    col(Ability.elder_id) == Stay.elder_id,
                    col(Ability.valid_from) <= today,
                    col(Ability.valid_to) > today,
                ),
            )
            .where(Stay.organisation_id == row.organisation_id, _on(today))
        )
    ).all()
    certified: int = (
        await session.exec(
            _scoped(Worker, caller)
            .with_only_columns(func.count())
            .where(
                Worker.organisation_id == row.organisation_id,
                Worker.status == WorkerStatus.ACTIVE,
                Worker.caregiver,
                col(Worker.certified_until) >= today,
            )
        )
    ).one()
    assessed = [level for level in levels if level is not None]
    required = rules.required_caregivers(
        assessed,
        ground.value("staffing.care_classes", today),
        ground.value("staffing.persons_per_caregiver", today),
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


async def facility(session: Session, question: api.GetFacility, caller: Caller) -> said.Facility:
    """One facility."""
    return wire.message(said.Facility, await _one(session, Facility, question.facility_id, caller))


async def facilities(
    session: Session, question: api.ListFacilities, caller: Caller
) -> api.FacilityPage:
    """A page of facilities."""
    wanted = _within(_scoped(Facility, caller), Facility, question)
    rows, then = await page(session, wanted, Facility.facility_id, question, PAGE)
    return api.FacilityPage(rows=[wire.message(said.Facility, row) for row in rows], next=then)


async def beds(session: Session, question: api.GetFacility, caller: Caller) -> api.BedPage:
    """All beds of a facility with those who lie in them today."""
    row = await _one(session, Facility, question.facility_id, caller)
    both: Any = select(Bed, col(Stay.elder_id))
    rows = await session.exec(
        access.scoped(both, caller, area=Bed.area_code, organisation=Bed.organisation_id)
        .outerjoin(Stay, and_(col(Stay.bed_id) == Bed.bed_id, _on(local_day(session.now))))
        .where(Bed.facility_id == row.facility_id)
        .order_by(col(Bed.bed_id))
    )
    return api.BedPage(
        rows=[wire.message(api.Bed, bed, elder_id=elder_id) for bed, elder_id in rows]
    )


async def stays(session: Session, question: api.ListStays, caller: Caller) -> api.StayPage:
    """A page of stays."""
    wanted = _within(_scoped(Stay, caller, person=Stay.elder_id), Stay, question)
    if question.HasField("facility_id"):
        wanted = wanted.where(Stay.facility_id == UUID(question.facility_id))
    rows, then = await page(session, wanted, Stay.stay_id, question, PAGE)
    return api.StayPage(rows=[wire.message(api.Stay, row) for row in rows], next=then)


async def worker(session: Session, question: api.GetWorker, caller: Caller) -> said.Worker:
    """One worker."""
    return wire.message(said.Worker, await _one(session, Worker, question.worker_id, caller))


async def workers(session: Session, question: api.ListWorkers, caller: Caller) -> api.WorkerPage:
    """A page of workers."""
    wanted = _within(_scoped(Worker, caller), Worker, question)
    if question.HasField("organisation_id"):
        wanted = wanted.where(Worker.organisation_id == UUID(question.organisation_id))
    rows, then = await page(session, wanted, Worker.worker_id, question, PAGE)
    return api.WorkerPage(rows=[wire.message(said.Worker, row) for row in rows], next=then)


def _on(day: date) -> Any:
    """Stays of a day."""
    return and_(
        col(Stay.began_on) <= day, or_(col(Stay.ended_on).is_(None), col(Stay.ended_on) > day)
    )


def _scoped(table: Any, caller: Caller, person: Any = None) -> Any:
    return access.scoped(
        select(table),
        caller,
        area=table.area_code,
        organisation=table.organisation_id,
        person=person,
    )


def _within(wanted: Any, table: Any, question: Any) -> Any:
    return (
        wanted.where(table.area_code.between(*access.area_range(question.area_code)))
        if question.HasField("area_code")
        else wanted
    )


def _key(table: Any) -> Any:
    return getattr(table, f"{table.__tablename__}_id")


async def _one(session: Session, table: type[Row], value: str, caller: Caller) -> Row:
    row: Row | None = (
        await session.exec(_scoped(table, caller).where(_key(table) == UUID(value)))
    ).first()
    if row is None:
        raise NotFound(table, value)
    return row
