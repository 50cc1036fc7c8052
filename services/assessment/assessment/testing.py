"""Builders, valid by default; all persons are invented."""

import base64
from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

from eldercare.assessment.v1 import api_pb2 as api

from assessment.ground import Ground
from assessment.rules import MENTAL, MOTOR, SELF_CARE, SOCIAL
from kit.contracts import areas, numbers, standards
from kit.db.personal import KeyRing
from kit.security.access import Caller

CITY = "341100000000"
COMMUNITIES = tuple(area.code for area in areas.load().within(CITY, areas.COMMUNITY))
HOME = COMMUNITIES[0]
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


def a_ground(ring: KeyRing | None = None) -> Ground:
    """What flows stand on."""
    return Ground(ring or a_ring(), areas.load(), standards.load("assessment"))


def an_id_number(
    born_on: date = date(1950, 1, 1), serial: int | None = None, *, county: str = "341102"
) -> str:
    """A number nobody has, with a right check character; odd serials are men."""
    serial = next(_serials) if serial is None else serial
    # 999 a day: further serials move on to the days after
    days, rest = divmod(serial, 999)
    digits = f"{county}{date.fromordinal(born_on.toordinal() + days):%Y%m%d}{rest + 1:03d}"
    return digits + numbers.resident_check(digits)


def a_registration(**given: Any) -> api.RegisterElder:
    """A complete elder of the first community."""
    said: dict[str, Any] = {
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
    return api.RegisterElder(**(said | given))


def an_official(area: str = CITY) -> Caller:
    """Somebody of civil affairs."""
    return Caller("official-1", "portal", frozenset({"official"}), area=area)


def an_assessor(subject: str, area: str = CITY) -> Caller:
    """Somebody who assesses."""
    return Caller(subject, "portal", frozenset({"assessor"}), area=area)


def a_child_of(*elder_ids: str) -> Caller:
    """Family of these elders."""
    return Caller("family-1", "mobile", frozenset({"family"}), elder_ids=frozenset(elder_ids))


def answers(**given: int) -> api.Answers:
    """All 26 answers, the best ones by default."""
    return api.Answers(**(BEST | given))


def a_completion(
    application_id: str, *, coma: bool = False, risk_events: int = 0, **given: Any
) -> api.CompleteAssessment:
    """The 26 answers of a person in full ability."""
    said: dict[str, Any] = {"answers": answers(), "coma": coma, "risk_events": risk_events}
    return api.CompleteAssessment(application_id=application_id, **(said | given))
