"""Builders, valid by default; all persons and firms are invented."""

import base64
import uuid
from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

from eldercare.assessment.v1 import events_pb2 as heard
from eldercare.facility.v1 import api_pb2 as api

from facility.ground import Ground
from kit.contracts import areas, numbers, standards
from kit.db.personal import KeyRing
from kit.security.access import Caller

CITY = "341100000000"
COUNTY = "341102000000"
HOME = areas.load().within(COUNTY, areas.COMMUNITY)[0].code
_serials: Iterator[int] = count(1)


def a_ring() -> KeyRing:
    """Keys for tests."""
    keys = [
        f"{name}:{base64.b64encode(bytes([fill]) * 32).decode()}"
        for name, fill in (("p1", 1), ("h1", 2))
    ]
    return KeyRing(*keys)


def a_ground() -> Ground:
    """What flows stand on."""
    return Ground(a_ring(), areas.load(), standards.load("facility"))


def a_credit_code(serial: int | None = None) -> str:
    """A code nobody has, with a right check character."""
    serial = next(_serials) if serial is None else serial
    characters = f"91341100MA{serial:07d}"
    return characters + numbers.credit_check(characters)


def an_id_number(born_on: date = date(1980, 5, 1)) -> str:
    """A number nobody has, with a right check character."""
    days, rest = divmod(next(_serials), 999)
    digits = f"341102{date.fromordinal(born_on.toordinal() + days):%Y%m%d}{rest + 1:03d}"
    return digits + numbers.resident_check(digits)


def an_organisation(**given: Any) -> api.RegisterOrganisation:
    """A firm of the first county that serves at home."""
    said: dict[str, Any] = {
        "credit_code": a_credit_code(),
        "name": "安康养老服务有限公司",
        "kind": 3,
        "area_code": COUNTY,
        "home_services": True,
        "lon": 118.3,
        "lat": 32.3,
    }
    return api.RegisterOrganisation(**(said | given))


def a_facility(organisation_id: str, *, beds: int = 3, **given: Any) -> api.OpenFacility:
    """An institution of the county tier."""
    said: dict[str, Any] = {
        "area_code": HOME,
        "name": "安康养老院",
        "tier": 1,
        "operation": 1,
        "nursing_beds": 1 if beds else 0,
    }
    return api.OpenFacility(organisation_id=organisation_id, beds=beds, **(said | given))


def a_worker(organisation_id: str, **given: Any) -> api.RegisterWorker:
    """A certified caregiver with a day shift."""
    said: dict[str, Any] = {
        "name": "赵敏",
        "id_number": given.get("id_number") or an_id_number(),
        "phone": "13800000003",
        "skills": [2, 1],
        "caregiver": True,
        "certified_until": "2027-01-01",
        "shift_from_min": 480,
        "shift_to_min": 1080,
    }
    return api.RegisterWorker(organisation_id=organisation_id, **(said | given))


def an_elder_state(elder_id: str | None = None, **given: Any) -> heard.Elder:
    """An elder as the assessment service says it."""
    said: dict[str, Any] = {
        "area_code": HOME,
        "sex": 1,
        "born_on": "1945-01-01",
        "living": 1,
        "status": 1,
    }
    return heard.Elder(elder_id=elder_id or str(uuid.uuid4()), **(said | given))


def an_official(area: str = CITY) -> Caller:
    """Somebody of civil affairs."""
    return Caller("official-1", "portal", frozenset({"official"}), area=area)


def a_home(organisation_id: str) -> Caller:
    """Staff of an institution."""
    return Caller("home-1", "portal", frozenset({"home"}), organisation_id=organisation_id)


def a_provider(organisation_id: str) -> Caller:
    """The manager of a firm."""
    return Caller("provider-1", "portal", frozenset({"provider"}), organisation_id=organisation_id)
