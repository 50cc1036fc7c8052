"""Builders, valid by default, and the steps that tests share; persons and firms are invented."""

import base64
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import count
from typing import TypeVar

from eldercare.assessment.v1 import events_pb2 as assessment_events
from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from google.protobuf.message import Message

from facility.context import Context
from facility.facilities import flows as facilities
from facility.organisations import flows as organisations
from facility.replicas import flows as replicas
from facility.stays import flows as stays
from facility.workers import flows as workers
from kit.contracts import areas, numbers
from kit.db.personal import KeyRing
from kit.db.store import Session
from kit.security.access import Caller

Kind = TypeVar("Kind", bound=Message)

CITY = "341100000000"
COUNTY = "341102000000"
HOME = areas.load().within(COUNTY, areas.COMMUNITY)[0].code
TODAY = "2026-03-02"
EARLIER = "2026-02-01"
_serials: Iterator[int] = count(1)


def a_ring() -> KeyRing:
    """Keys for tests."""
    keys = [
        f"{name}:{base64.b64encode(bytes([fill]) * 32).decode()}"
        for name, fill in (("p1", 1), ("h1", 2))
    ]
    return KeyRing(*keys)


def a_context() -> Context:
    """What flows need beside the session."""
    return Context(a_ring(), areas.load())


def a_credit_code(serial: int | None = None, *, head: str = "91") -> str:
    """A code nobody has, with right check characters."""
    serial = next(_serials) if serial is None else serial
    body = f"MA{serial:06d}"
    characters = f"{head}341100{body}{numbers.organisation_check(body)}"
    return characters + numbers.credit_check(characters)


def an_id_number(born_on: date = date(1980, 5, 1)) -> str:
    """A number nobody has, with a right check character."""
    days, rest = divmod(next(_serials), 999)
    digits = f"341102{date.fromordinal(born_on.toordinal() + days):%Y%m%d}{rest + 1:03d}"
    return digits + numbers.resident_check(digits)


def an_organisation(**given: object) -> api.RegisterOrganisation:
    """A firm of the first county that serves at home."""
    usual = {
        "credit_code": a_credit_code(),
        "name": "安康养老服务有限公司",
        "kind": 3,
        "area_code": COUNTY,
        "home_services": True,
        "lon": 118.3,
        "lat": 32.3,
    }
    return _made(api.RegisterOrganisation, usual | given)


def a_facility(organisation_id: str, *, beds: int = 3, **given: object) -> api.OpenFacility:
    """An institution of the county tier."""
    usual = {
        "organisation_id": organisation_id,
        "area_code": HOME,
        "name": "安康养老院",
        "tier": 1,
        "operation": 1,
        "beds": beds,
        "nursing_beds": 1 if beds else 0,
    }
    return _made(api.OpenFacility, usual | given)


def a_worker(organisation_id: str, **given: object) -> api.RegisterWorker:
    """A certified caregiver with a day shift."""
    usual = {
        "organisation_id": organisation_id,
        "name": "赵敏",
        "id_number": given.get("id_number") or an_id_number(),
        "phone": "13800000003",
        "skills": [2, 1],
        "caregiver": True,
        "certified_until": "2027-01-01",
        "shift_from_min": 480,
        "shift_to_min": 1080,
    }
    return _made(api.RegisterWorker, usual | given)


def an_elder_state(elder_id: object = None, **given: object) -> assessment_events.Elder:
    """An elder as the assessment service publishes it."""
    usual = {
        "elder_id": elder_id or str(uuid.uuid4()),
        "area_code": HOME,
        "sex": 1,
        "born_on": "1945-01-01",
        "living": 1,
        "status": 1,
    }
    return _made(assessment_events.Elder, usual | given)


def an_official(area: str = CITY) -> Caller:
    """Somebody of civil affairs."""
    return Caller("official-1", "portal", frozenset({"official"}), area=area)


def a_home(organisation_id: str) -> Caller:
    """Staff of an institution."""
    return Caller("home-1", "portal", frozenset({"home"}), organisation_id=organisation_id)


def a_provider(organisation_id: str) -> Caller:
    """The manager of a firm."""
    return Caller("provider-1", "portal", frozenset({"provider"}), organisation_id=organisation_id)


CONTEXT = a_context()
OFFICIAL = an_official()


async def organisation(session: Session, **given: object) -> events.Organisation:
    """A registered organisation."""
    command = an_organisation(**given)
    return (await organisations.register(session, command, OFFICIAL, CONTEXT)).organisation


async def facility(session: Session, beds: int = 3, **given: object) -> events.Facility:
    """An open facility of a new organisation."""
    owner = await organisation(session)
    command = a_facility(owner.organisation_id, beds=beds, **given)
    return (await facilities.open_(session, command, OFFICIAL, CONTEXT)).facility


async def elder(session: Session, **given: object) -> str:
    """The id of an elder of whom this service knows."""
    state = an_elder_state(**given)
    await replicas.keep_elder(session, state)
    await session.flush()
    return state.elder_id


async def worker(session: Session, organisation_id: str, **given: object) -> events.Worker:
    """A registered worker."""
    command = a_worker(organisation_id, **given)
    return (await workers.register(session, command, OFFICIAL, CONTEXT)).worker


async def admit(
    session: Session,
    facility_id: str,
    elder_id: str,
    began_on: str = TODAY,
    bed_id: str | None = None,
) -> events.StayBegan:
    """Begins a stay."""
    command = api.AdmitElder(
        facility_id=facility_id, elder_id=elder_id, began_on=began_on, bed_id=bed_id
    )
    return await stays.admit(session, command, OFFICIAL)


async def discharge(session: Session, stay_id: str, ended_on: str = TODAY) -> events.StayEnded:
    """Ends a stay."""
    command = api.DischargeElder(stay_id=stay_id, ended_on=ended_on)
    return await stays.discharge(session, command, OFFICIAL)


def emitted(session: Session, kind: type[Kind]) -> list[Kind]:
    """The events of a type that the session has collected."""
    return [message.event for message in session.messages if isinstance(message.event, kind)]


def _made(kind: Callable[..., Kind], fields: Mapping[str, object]) -> Kind:
    return kind(**fields)
