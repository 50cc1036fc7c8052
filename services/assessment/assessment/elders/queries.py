"""Selects → replies; lists begin with the caller's scope and mask personal text."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events
from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select

from assessment.context import PAGE, Context
from assessment.elders.tables import Elder
from kit.contracts import areas, wire
from kit.contracts.refusals import NotFound
from kit.db.paging import page
from kit.db.personal import KeyRing, mask
from kit.db.store import Session
from kit.rpc.methods import Call
from kit.security import access, audit
from kit.security.access import Caller

MASKED = ("name", "id_number", "phone", "address")


async def elder(
    session: Session, question: api.GetElder, caller: Caller, context: Context
) -> api.ElderRecord:
    """One elder, masked."""
    row = await session.get_seen(
        Elder, UUID(question.elder_id), caller, area="area_code", person="elder_id"
    )
    return _record(row, context.ring)


async def elders(
    session: Session, question: api.ListElders, caller: Caller, context: Context
) -> api.ElderPage:
    """A page of elders, masked; search by whole ID number, whole phone, or name."""
    ring = context.ring
    wanted = access.scoped(select(Elder), caller, area=Elder.area_code, person=Elder.elder_id)
    if question.area_code:
        inside = access.area_range(question.area_code)
        wanted = wanted.where(col(Elder.area_code).between(*inside))
    if question.id_number:
        digests = ring.digests("id_number", question.id_number)
        wanted = wanted.where(col(Elder.id_number_digest).in_(digests))
    if question.phone:
        digests = ring.digests("phone", question.phone)
        wanted = wanted.where(col(Elder.phone_digest).in_(digests))
    if question.name:
        wanted = wanted.where(_named(question, context))
    rows, then = await page(session, wanted, Elder.elder_id, question, PAGE)
    return api.ElderPage(rows=[_record(row, ring) for row in rows], next=then)


async def contact(
    session: Session, question: api.GetElder, call: Call, context: Context
) -> api.ElderContact:
    """Name, phone, address and position in clear for a service of ours; who asked, and for whom, is
    recorded.
    """
    row = await session.get(Elder, UUID(question.elder_id))
    if row is None:
        raise NotFound(Elder, question.elder_id)
    await audit.record(session, call, [row.elder_id], "contact")
    ring = context.ring
    lon, lat = _position(row, ring)
    return wire.message(
        api.ElderContact,
        row,
        name=opened(ring, row, "name"),
        phone=opened(ring, row, "phone"),
        address=opened(ring, row, "address"),
        lon=lon,
        lat=lat,
    )


def public(row: Elder | Mapping[str, Any]) -> events.Elder:
    """What others may rely on: no name, number, phone or address."""
    kept = row["hardship_periods"] if isinstance(row, Mapping) else row.hardship_periods
    periods = [wire.message(events.Elder.HardshipPeriod, one) for one in kept]
    return wire.message(events.Elder, row, hardship_periods=periods)


def opened(ring: KeyRing, row: Elder, kind: str) -> str:
    """A personal text in clear; empty where it is not known."""
    sealed: bytes | None = getattr(row, f"{kind}_sealed")
    return ring.open(sealed, kind) if sealed else ""


def _position(row: Elder, ring: KeyRing) -> tuple[float | None, float | None]:
    """Longitude and latitude, degrees WGS-84; both or none."""
    if not row.position_sealed:
        return None, None
    lon, lat = opened(ring, row, "position").split()
    return float(lon), float(lat)


def _record(row: Elder, ring: KeyRing) -> api.ElderRecord:
    """An elder with masked personal text."""
    masked = {}
    for kind in MASKED:
        text = opened(ring, row, kind)
        masked[kind] = mask(kind, text) if text else ""
    return api.ElderRecord(elder=public(row), version=row.version, **masked)


def _named(question: api.ListElders, context: Context) -> ColumnElement[bool]:
    """The whole name anywhere; in an area also some of its characters, whose digests are bound to
    the county.
    """
    ring = context.ring
    whole = col(Elder.name_digest).in_(ring.digests("name", question.name))
    found: list[ColumnElement[bool]] = [whole]
    counties = _counties(question.area_code, context) if question.area_code else []
    for county in counties:
        lives_there = col(Elder.area_code).between(*access.area_range(county))
        found.extend(
            and_(lives_there, col(Elder.name_characters).contains(digests))
            for digests in ring.character_searches(question.name, county)
        )
    return or_(*found)


def _counties(area_code: str, context: Context) -> list[str]:
    """The county that an area lies in, or the counties inside a larger one."""
    if areas.level(area_code) >= areas.COUNTY:
        return [areas.at(area_code, areas.COUNTY)]
    return [area.code for area in context.areas.within(area_code, areas.COUNTY)]
