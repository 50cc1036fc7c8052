"""Builders, valid by default, and the steps that tests share; all persons are invented."""

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import count
from typing import TypeVar
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events
from google.protobuf.message import Message

from assessment.applications import flows as applications
from assessment.assessments import flows as assessments
from assessment.assessments.rules import MENTAL, MOTOR, SELF_CARE, SOCIAL
from assessment.context import Context
from assessment.elders import flows as elders
from assessment.life_events import flows as life_events
from kit.contracts import areas, numbers
from kit.db.personal import KeyRing
from kit.db.store import Session
from kit.security.access import Caller

Kind = TypeVar("Kind", bound=Message)

CITY = "341100000000"
COMMUNITIES = tuple(area.code for area in areas.load().within(CITY, areas.COMMUNITY))
HOME = COMMUNITIES[0]
ELSEWHERE = next(code for code in COMMUNITIES if code.startswith("341182"))
FIRST, SECOND, THIRD, FOURTH = (str(UUID(int=number)) for number in range(1, 5))  # assessors
BEST = dict.fromkeys(SELF_CARE + MOTOR + MENTAL + SOCIAL, 4) | {
    "stairs": 3,
    "aggression": 1,
    "depression": 1,
    "consciousness": 2,
    "vision": 2,
    "hearing": 2,
    "transport": 3,
}
_serials: Iterator[int] = count()


def a_key(name: str, fill: int) -> str:
    """An entry of `personal_keys` or `hash_keys`, good for tests alone."""
    return f"{name}:{base64.b64encode(bytes([fill]) * 32).decode()}"


def a_ring() -> KeyRing:
    """Keys for tests."""
    return KeyRing(a_key("p1", 1), a_key("h1", 2))


def a_context(ring: KeyRing | None = None) -> Context:
    """What flows need beside the session."""
    return Context(ring or a_ring(), areas.load())


def an_id_number(
    born_on: date | None = None, serial: int | None = None, *, county: str = "341102"
) -> str:
    """A number nobody has, with a right check character; odd serials are men. Who is given neither
    a birth day nor a serial has a birth day alone.
    """
    given = serial
    serial = next(_serials) if serial is None else serial
    if born_on is None:
        born_on = date(1950, 1, 1) + timedelta(days=serial % 3000 if given is None else 0)
    # 999 a day: further serials move on to the days after
    days, rest = divmod(serial, 999)
    digits = f"{county}{date.fromordinal(born_on.toordinal() + days):%Y%m%d}{rest + 1:03d}"
    return digits + numbers.resident_check(digits)


def a_registration(**given: object) -> api.RegisterElder:
    """A complete elder of the first community."""
    usual = {
        "name": "李小明",
        "id_number": given.get("id_number") or an_id_number(),
        "phone": "13800000001",
        "address": "琅琊路1号",
        "area_code": HOME,
        "lon": 118.3,
        "lat": 32.3,
        "living": 1,
        "hardships": [1],
        "local_register": True,
        "contact_name": "王小红",
        "contact_phone": "13900000001",
    }
    return _made(api.RegisterElder, usual | given)


def an_official(area: str = CITY, subject: str = "official-1") -> Caller:
    """Somebody of civil affairs."""
    return Caller(subject, "portal", frozenset({"official"}), area=area)


def an_assessor(subject: str, area: str = CITY) -> Caller:
    """Somebody who assesses."""
    return Caller(subject, "portal", frozenset({"assessor"}), area=area)


def a_child_of(*elder_ids: str) -> Caller:
    """Family of these elders."""
    return Caller("family-1", "mobile", frozenset({"family"}), elder_ids=frozenset(elder_ids))


CONTEXT = a_context()
OFFICIAL = an_official()
ASSIGNING, APPROVING = an_official(subject="official-2"), an_official(subject="official-3")


def answers(**given: int) -> api.Answers:
    """All 26 answers, the best ones by default."""
    return api.Answers(**(BEST | given))


def a_completion(application_id: str, **given: object) -> api.CompleteAssessment:
    """The 26 answers of a person in full ability."""
    usual = {
        "application_id": application_id,
        "answers": answers(),
        "coma": False,
        "risk_events": 0,
    }
    return _made(api.CompleteAssessment, usual | given)


def a_signature(recorded: events.AssessmentCompleted) -> api.SignAssessment:
    """The signature under a result."""
    return api.SignAssessment(
        application_id=recorded.application_id,
        total_points=recorded.total_points,
        level=recorded.level,
    )


async def an_elder(session: Session, **given: object) -> events.Elder:
    """A registered elder."""
    event = await elders.register(session, a_registration(**given), OFFICIAL, CONTEXT)
    return event.elder


async def an_application(session: Session, elder_id: str) -> str:
    """The id of a submitted application."""
    command = api.SubmitApplication(
        elder_id=elder_id, reason=events.ASSESSMENT_REASON_FIRST, channel=events.CHANNEL_PORTAL
    )
    return (await applications.submit(session, command, OFFICIAL)).application_id


async def assign(
    session: Session, application_id: str, *assessors: str
) -> events.AssessorsAssigned:
    """Names the assessors of an application."""
    command = api.AssignAssessors(application_id=application_id, assessor_ids=assessors)
    return await applications.assign(session, command, ASSIGNING)


async def complete(
    session: Session, application_id: str, assessor: str, **given: object
) -> events.AssessmentCompleted:
    """Completes the assessment of an application, with the best answers by default; nobody else
    has signed yet.
    """
    command = a_completion(application_id, **given)
    return await assessments.complete(session, command, an_assessor(assessor), CONTEXT)


async def sign(
    session: Session, recorded: events.AssessmentCompleted, assessor: str
) -> events.AssessmentCompleted:
    """Signs what another assessor recorded."""
    return await assessments.sign(session, a_signature(recorded), an_assessor(assessor), CONTEXT)


async def a_result(session: Session, elder_id: str, **given: object) -> events.AssessmentCompleted:
    """A result of the elder, just made public."""
    application_id = await an_application(session, elder_id)
    await assign(session, application_id, FIRST, SECOND)
    return await sign(session, await complete(session, application_id, FIRST, **given), SECOND)


async def approve(session: Session, assessment_id: str) -> events.AssessmentApproved:
    """Puts a level in force."""
    command = api.ApproveAssessment(assessment_id=assessment_id)
    return await assessments.approve(session, command, APPROVING)


async def appeal(session: Session, assessment_id: str) -> events.AssessmentAppealed:
    """Doubts a result."""
    command = api.AppealAssessment(assessment_id=assessment_id, channel=events.CHANNEL_MOBILE)
    return await assessments.appeal(session, command, OFFICIAL)


async def change(session: Session, elder_id: str, **given: object) -> events.ElderChanged:
    """Changes what is known of an elder."""
    command = _made(api.ChangeElder, {"elder_id": elder_id} | given)
    return await elders.change(session, command, OFFICIAL, CONTEXT)


async def report_death(session: Session, elder_id: str, died_on: str) -> events.ElderDied:
    """Records a death: an official has seen the certificate."""
    command = api.ReportElderDeath(elder_id=elder_id, died_on=died_on, document=a_document())
    return await life_events.report_death(session, command, OFFICIAL, CONTEXT)


def a_document(**given: object) -> api.Document:
    """A death certificate."""
    usual = {"kind": api.Document.KIND_DEATH_CERTIFICATE, "number": "341100-2026-000017"}
    return _made(api.Document, usual | given)


def emitted(session: Session, kind: type[Kind]) -> list[Kind]:
    """The events of a type that the session has collected."""
    return [message.event for message in session.messages if isinstance(message.event, kind)]


def _made(kind: Callable[..., Kind], fields: Mapping[str, object]) -> Kind:
    return kind(**fields)
