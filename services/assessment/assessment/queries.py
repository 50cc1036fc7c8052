"""What this service tells: selects → replies; lists begin with the caller's scope and mask personal
text.
"""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as said
from sqlalchemy import and_, or_
from sqlmodel import SQLModel, col, select

from assessment.ground import Ground
from assessment.tables import Application, Assessment, Elder, Import, ImportFailure
from kit.contracts import areas, wire
from kit.contracts.refusals import NotFound
from kit.db.paging import page
from kit.db.personal import KeyRing, mask
from kit.db.store import Session
from kit.rpc.methods import Call
from kit.security import access, audit
from kit.security.access import Caller

Row = TypeVar("Row", bound=SQLModel)

PAGE = 50  # rows of a page where the caller names none
ERRORS_TOLD = 100  # of an import; the file of failed rows has all


async def elder(
    session: Session, question: api.GetElder, caller: Caller, ground: Ground
) -> api.ElderRecord:
    """One elder, masked."""
    return record(await _one(session, Elder, question.elder_id, caller), ground.ring)


async def elders(
    session: Session, question: api.ListElders, caller: Caller, ground: Ground
) -> api.ElderPage:
    """A page of elders, masked; search by whole ID number, whole phone, or name."""
    wanted = _of_area(_scoped(select(Elder), Elder, caller), Elder, question)
    if question.id_number:
        wanted = wanted.where(
            col(Elder.id_number_digest).in_(ground.ring.digests("id_number", question.id_number))
        )
    if question.phone:
        wanted = wanted.where(
            col(Elder.phone_digest).in_(ground.ring.digests("phone", question.phone))
        )
    if question.name:
        wanted = wanted.where(_named(question, ground))
    rows, then = await page(session, wanted, Elder.elder_id, question, PAGE)
    return api.ElderPage(rows=[record(row, ground.ring) for row in rows], next=then)


async def contact(
    session: Session, question: api.GetElder, call: Call, ground: Ground
) -> api.ElderContact:
    """Name, phone, address and position in clear for a service of ours; who asked, and for whom, is
    recorded.
    """
    row = await session.get(Elder, UUID(question.elder_id))
    if row is None:
        raise NotFound(Elder, question.elder_id)
    await audit.record(session, call, [row.elder_id], "contact")
    lon, lat = (
        (float(part) for part in opened(ground.ring, row, "position").split())
        if row.position_sealed
        else (None, None)
    )
    return wire.message(
        api.ElderContact,
        row,
        name=opened(ground.ring, row, "name"),
        phone=opened(ground.ring, row, "phone"),
        address=opened(ground.ring, row, "address"),
        lon=lon,
        lat=lat,
    )


async def application(
    session: Session, question: api.GetApplication, caller: Caller
) -> api.Application:
    """One application."""
    row = await _one(session, Application, question.application_id, caller)
    return wire.message(api.Application, row)


async def applications(
    session: Session, question: api.ListApplications, caller: Caller
) -> api.ApplicationPage:
    """A page of applications."""
    wanted = _of_elder(
        _of_area(_scoped(select(Application), Application, caller), Application, question),
        Application,
        question,
    )
    rows, then = await page(session, wanted, Application.application_id, question, PAGE)
    return api.ApplicationPage(rows=[wire.message(api.Application, row) for row in rows], next=then)


async def assessment(
    session: Session, question: api.GetAssessment, caller: Caller
) -> api.Assessment:
    """One result."""
    return wire.message(
        api.Assessment, await _one(session, Assessment, question.assessment_id, caller)
    )


async def assessments(
    session: Session, question: api.ListAssessments, caller: Caller
) -> api.AssessmentPage:
    """A page of results."""
    wanted = _of_elder(
        _of_area(_scoped(select(Assessment), Assessment, caller), Assessment, question),
        Assessment,
        question,
    )
    rows, then = await page(session, wanted, Assessment.assessment_id, question, PAGE)
    return api.AssessmentPage(rows=[wire.message(api.Assessment, row) for row in rows], next=then)


async def import_of(session: Session, question: api.GetImport, caller: Caller) -> Import:
    """One import's row."""
    return await _one(session, Import, question.import_id, caller)


async def told(session: Session, row: Import, caller: Caller) -> api.Import:
    """How far an import is, with its first errors."""
    rows = await failures(session, row.import_id, caller, ERRORS_TOLD) if row.failed else []
    errors = [
        api.RowError(line=failure.line, field=field, rule=rule, text=text)
        for failure in rows
        for field, rule, text in failure.errors
    ]
    return wire.message(api.Import, row, errors=errors[:ERRORS_TOLD])


async def failures(
    session: Session, import_id: UUID, caller: Caller, most: int | None = None
) -> Sequence[ImportFailure]:
    """The refused rows of an import in the order of the file."""
    wanted = access.scoped(select(ImportFailure), caller, area=Import.area_code)
    wanted = wanted.join(Import, col(Import.import_id) == ImportFailure.import_id)
    return (
        await session.exec(
            wanted.where(ImportFailure.import_id == import_id)
            .order_by(col(ImportFailure.line))
            .limit(most)
        )
    ).all()


def record(row: Elder, ring: KeyRing) -> api.ElderRecord:
    """An elder with masked personal text."""
    masked = {
        kind: mask(kind, text) if (text := opened(ring, row, kind)) else ""
        for kind in ("name", "id_number", "phone", "address")
    }
    return api.ElderRecord(elder=wire.message(said.Elder, row), **masked)


def opened(ring: KeyRing, row: Elder, kind: str) -> str:
    """A personal text in clear; empty where it is not known."""
    sealed = getattr(row, f"{kind}_sealed")
    return ring.open(sealed, kind) if sealed else ""


def _named(question: api.ListElders, ground: Ground) -> Any:
    """The whole name anywhere; in an area also some of its characters, whose digests are bound to
    the county.
    """
    whole = col(Elder.name_digest).in_(ground.ring.digests("name", question.name))
    if not question.area_code:
        return whole
    county = areas.at(question.area_code, areas.COUNTY)
    inside = (
        [county]
        if areas.level(question.area_code) >= areas.COUNTY
        else [area.code for area in ground.areas.within(question.area_code, areas.COUNTY)]
    )
    return or_(
        whole,
        *(
            and_(
                col(Elder.area_code).between(*access.area_range(code)),
                col(Elder.name_characters).contains(digests),
            )
            for code in inside
            for digests in ground.ring.character_searches(question.name, code)
        ),
    )


def _scoped(wanted: Any, table: Any, caller: Caller) -> Any:
    return access.scoped(
        wanted, caller, area=table.area_code, person=getattr(table, "elder_id", None)
    )


def _of_area(wanted: Any, table: Any, question: Any) -> Any:
    return (
        wanted.where(table.area_code.between(*access.area_range(question.area_code)))
        if question.area_code
        else wanted
    )


def _of_elder(wanted: Any, table: Any, question: Any) -> Any:
    if question.HasField("elder_id"):
        wanted = wanted.where(table.elder_id == UUID(question.elder_id))
    return wanted.where(table.state == question.state) if question.HasField("state") else wanted


async def _one(session: Session, table: type[Row], value: str, caller: Caller) -> Row:
    person = "elder_id" if hasattr(table, "elder_id") else None
    return await session.get_seen(table, UUID(value), caller, area="area_code", person=person)
