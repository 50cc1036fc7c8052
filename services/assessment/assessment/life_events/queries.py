"""Selects → replies; the list begins with the caller's scope."""

from datetime import datetime
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from sqlalchemy import func
from sqlmodel import col, select

from assessment.context import PAGE, Context
from assessment.elders.tables import Elder
from assessment.life_events.rules import DocumentKind
from assessment.life_events.tables import LifeEvent
from kit.contracts import wire
from kit.db.paging import page
from kit.db.personal import KeyRing
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller


async def life_events(
    session: Session, question: api.ListLifeEvents, caller: Caller, context: Context
) -> api.LifeEventPage:
    """A page of entries; those of an elder follow the elder to another area."""
    wanted = select(LifeEvent).join(Elder, col(Elder.elder_id) == col(LifeEvent.elder_id))
    wanted = access.scoped(wanted, caller, area=Elder.area_code)
    if question.HasField("area_code"):
        inside = access.area_range(question.area_code)
        wanted = wanted.where(col(Elder.area_code).between(*inside))
    if question.HasField("elder_id"):
        wanted = wanted.where(col(LifeEvent.elder_id) == UUID(question.elder_id))
    if question.HasField("kind"):
        wanted = wanted.where(col(LifeEvent.kind) == question.kind)
    if question.HasField("state"):
        wanted = wanted.where(col(LifeEvent.state) == question.state)
    rows, then = await page(session, wanted, LifeEvent.life_event_id, question, PAGE)
    areas = await _areas(session, {row.elder_id for row in rows}, caller)
    written = [described(row, areas[row.elder_id], context.ring) for row in rows]
    return api.LifeEventPage(rows=written, next=then)


def described(row: LifeEvent, area_code: str, ring: KeyRing) -> api.LifeEvent:
    """An entry as an official sees it. area_code: where the elder lives."""
    return wire.message(
        api.LifeEvent,
        row,
        area_code=area_code,
        decided_by=row.decided_by or "",
        decided_at=_instant(row.decided_at),
        grounds=ring.open(row.grounds_sealed, "grounds") if row.grounds_sealed else "",
        document=_document(row.document_kind, row.document_number_sealed, ring),
        correction_document=_document(
            row.correction_document_kind, row.correction_document_number_sealed, ring
        ),
    )


async def _areas(session: Session, elder_ids: set[UUID], caller: Caller) -> dict[UUID, str]:
    wanted = access.scoped(select(Elder.elder_id, Elder.area_code), caller, area=Elder.area_code)
    wanted = wanted.where(col(Elder.elder_id) == func.any(sorted(elder_ids)))
    return dict((await session.exec(wanted)).all())


def _instant(at: datetime | None) -> object:
    return wire.timestamp(at) if at else None


def _document(
    kind: DocumentKind | None, number: bytes | None, ring: KeyRing
) -> api.Document | None:
    if kind is None or number is None:
        return None
    written = ring.open(number, "document")
    return wire.message(api.Document, {"kind": kind, "number": written})
