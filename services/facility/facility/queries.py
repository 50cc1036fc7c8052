"""What this service tells: selects → replies; lists begin with the caller's scope."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as said
from sqlalchemy import and_, exists, func, or_
from sqlmodel import SQLModel, select

from facility import rules
from facility.ground import Ground
from facility.rules import WorkerStatus
from facility.tables import Ability, Bed, Facility, Organisation, Stay, Worker
from kit import access, wire
from kit.access import Caller
from kit.clock import local_day
from kit.refusals import NotFound
from kit.store import Session

Row = TypeVar("Row", bound=SQLModel)

PAGE = 50  # rows of a page where the caller names none


async def works_there(session: Session, organisation_id: UUID, digests: Sequence[bytes]) -> bool:
    """True where a person with one of these digests is an active worker of the organisation."""
    wanted = select(Worker.worker_id).where(
        Worker.organisation_id == organisation_id, Worker.id_number_digest.in_(digests), Worker.status == WorkerStatus.ACTIVE,
    )
    return (await session.exec(wanted)).first() is not None


async def residents(session: Session, facility_id: UUID, today: date) -> int:
    """Elders who stay in the facility today or later."""
    wanted = select(func.count()).where(Stay.facility_id == facility_id, or_(Stay.ended_on.is_(None), Stay.ended_on > today))
    return (await session.exec(wanted)).one()


async def free_bed(session: Session, facility_id: UUID, began_on: date) -> Bed | None:
    """A bed without a stay from that day on; a plain one before a nursing bed."""
    days = func.daterange(Stay.began_on, Stay.ended_on)
    taken = exists().where(Stay.bed_id == Bed.bed_id, days.op("&&")(func.daterange(began_on, None)))
    wanted = select(Bed).where(Bed.facility_id == facility_id, ~taken).order_by(Bed.nursing, Bed.bed_id).limit(1)
    return (await session.exec(wanted)).first()


async def open_stays(session: Session, elder_id: UUID) -> Sequence[Stay]:
    """The stay of an elder that has no end yet, locked."""
    return (await session.exec(select(Stay).where(Stay.elder_id == elder_id, Stay.ended_on.is_(None)).with_for_update())).all()


async def organisation(session: Session, question: api.GetOrganisation, caller: Caller) -> said.Organisation:
    """One organisation."""
    return wire.message(said.Organisation, await _one(session, Organisation, question.organisation_id, caller))


async def organisations(session: Session, question: api.ListOrganisations, caller: Caller) -> api.OrganisationPage:
    """A page of organisations."""
    rows, then = await _page(session, _within(_scoped(Organisation, caller), Organisation, question), Organisation, question)
    return api.OrganisationPage(rows=[wire.message(said.Organisation, row) for row in rows], next=then)


async def staffing(session: Session, question: api.GetOrganisation, caller: Caller, ground: Ground) -> api.Staffing:
    """Certified caregivers of an organisation against those that its residents of today require."""
    row = await _one(session, Organisation, question.organisation_id, caller)
    today = local_day(session.now)
    levels = (await session.exec(
        select(Ability.level).select_from(Stay)
        .outerjoin(Ability, and_(Ability.elder_id == Stay.elder_id, Ability.valid_from <= today, Ability.valid_to > today))
        .where(Stay.organisation_id == row.organisation_id, _on(today))
    )).all()
    certified = (await session.exec(select(func.count()).where(
        Worker.organisation_id == row.organisation_id, Worker.status == WorkerStatus.ACTIVE, Worker.caregiver,
        Worker.certified_until >= today,
    ))).one()
    assessed = [level for level in levels if level is not None]
    required = rules.required_caregivers(
        assessed, ground.value("staffing.care_classes", today), ground.value("staffing.persons_per_caregiver", today),
    )
    return wire.message(
        api.Staffing, row, residents=len(levels), unassessed=len(levels) - len(assessed), required_caregivers=required,
        certified_caregivers=certified, share=certified / required if required else None,
    )


async def facility(session: Session, question: api.GetFacility, caller: Caller) -> said.Facility:
    """One facility."""
    return wire.message(said.Facility, await _one(session, Facility, question.facility_id, caller))


async def facilities(session: Session, question: api.ListFacilities, caller: Caller) -> api.FacilityPage:
    """A page of facilities."""
    rows, then = await _page(session, _within(_scoped(Facility, caller), Facility, question), Facility, question)
    return api.FacilityPage(rows=[wire.message(said.Facility, row) for row in rows], next=then)


async def beds(session: Session, question: api.GetFacility, caller: Caller) -> api.BedPage:
    """All beds of a facility with those who lie in them today."""
    row = await _one(session, Facility, question.facility_id, caller)
    rows = await session.exec(
        access.scoped(select(Bed, Stay.elder_id), caller, area=Bed.area_code, organisation=Bed.organisation_id)
        .outerjoin(Stay, and_(Stay.bed_id == Bed.bed_id, _on(local_day(session.now))))
        .where(Bed.facility_id == row.facility_id).order_by(Bed.bed_id)
    )
    return api.BedPage(rows=[wire.message(api.Bed, bed, elder_id=elder_id) for bed, elder_id in rows])


async def stays(session: Session, question: api.ListStays, caller: Caller) -> api.StayPage:
    """A page of stays."""
    wanted = _within(_scoped(Stay, caller, person=Stay.elder_id), Stay, question)
    if question.HasField("facility_id"):
        wanted = wanted.where(Stay.facility_id == UUID(question.facility_id))
    rows, then = await _page(session, wanted, Stay, question)
    return api.StayPage(rows=[wire.message(api.Stay, row) for row in rows], next=then)


async def worker(session: Session, question: api.GetWorker, caller: Caller) -> said.Worker:
    """One worker."""
    return wire.message(said.Worker, await _one(session, Worker, question.worker_id, caller))


async def workers(session: Session, question: api.ListWorkers, caller: Caller) -> api.WorkerPage:
    """A page of workers."""
    wanted = _within(_scoped(Worker, caller), Worker, question)
    if question.HasField("organisation_id"):
        wanted = wanted.where(Worker.organisation_id == UUID(question.organisation_id))
    rows, then = await _page(session, wanted, Worker, question)
    return api.WorkerPage(rows=[wire.message(said.Worker, row) for row in rows], next=then)


def _on(day: date) -> Any:
    """Stays of a day."""
    return and_(Stay.began_on <= day, or_(Stay.ended_on.is_(None), Stay.ended_on > day))


def _scoped(table: Any, caller: Caller, person: Any = None) -> Any:
    return access.scoped(select(table), caller, area=table.area_code, organisation=table.organisation_id, person=person)


def _within(wanted: Any, table: Any, question: Any) -> Any:
    return wanted.where(table.area_code.between(*access.area_range(question.area_code))) if question.HasField("area_code") else wanted


def _key(table: Any) -> Any:
    return getattr(table, f"{table.__tablename__}_id")


async def _one(session: Session, table: type[Row], value: str, caller: Caller) -> Row:
    row = (await session.exec(_scoped(table, caller).where(_key(table) == UUID(value)))).first()
    if row is None:
        raise NotFound(table, value)
    return row


async def _page(session: Session, wanted: Any, table: Any, question: Any) -> tuple[Sequence[Any], str]:
    """The rows after the last page and the id to go on from; one row more is read to know whether there is a next page."""
    most, key = question.limit or PAGE, _key(table)
    if question.after:
        wanted = wanted.where(key > _after(question.after))
    rows = (await session.exec(wanted.order_by(key).limit(most + 1))).all()
    return rows[:most], str(getattr(rows[most - 1], key.key)) if len(rows) > most else ""


def _after(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("page", text, field="after") from error
