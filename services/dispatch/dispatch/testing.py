"""Builders, valid by default; all persons are invented."""

import base64
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.facility.v1 import events_pb2 as facility

from dispatch import sealed
from dispatch.rules.orders import State
from dispatch.tables import Order
from kit.contracts import ids, wire
from kit.db.personal import KeyRing
from kit.db.store import Cipher
from kit.security.access import Caller

VILLAGE, COUNTY, CITY, ELSEWHERE = "341102001001", "341102000000", "341100000000", "341103001001"
BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
TOMORROW = BEGIN + timedelta(days=1)
HOME = (118.30, 32.30)
_serials = count(1)


def a_ring() -> KeyRing:
    """Keys for tests."""
    return KeyRing(
        f"p1:{base64.b64encode(bytes([1]) * 32).decode()}",
        f"h1:{base64.b64encode(bytes([2]) * 32).decode()}",
    )


def an_elder(
    elder_id: UUID | None = None, **given: Any
) -> assessment.ElderRegistered | assessment.ElderDied:
    """The state of an elder who lives alone in the first community; with `died_on` the elder is
    dead.
    """
    told: dict[str, Any] = {
        "elder_id": str(elder_id or ids.new()),
        "area_code": VILLAGE,
        "sex": 2,
        "born_on": "1940-05-01",
        "living": 1,
        "local_register": True,
        "complete": True,
        "status": 2 if "died_on" in given else 1,
        "registered_at": wire.timestamp(BEGIN),
    }
    elder = assessment.Elder(**(told | given))
    return (
        assessment.ElderDied(elder=elder)
        if "died_on" in given
        else assessment.ElderRegistered(elder=elder)
    )


def an_organisation(organisation_id: UUID, **given: Any) -> facility.OrganisationRegistered:
    """A provider of home services near the homes of these tests."""
    told: dict[str, Any] = {
        "organisation_id": str(organisation_id),
        "credit_code": "91341100MA2N000001",
        "name": "Home care",
        "kind": 3,
        "area_code": COUNTY,
        "home_services": True,
        "lon": 118.30,
        "lat": 32.31,
        "status": 1,
        "registered_at": wire.timestamp(BEGIN),
    }
    return facility.OrganisationRegistered(organisation=facility.Organisation(**(told | given)))


def a_worker(
    worker_id: UUID, organisation_id: UUID, **given: Any
) -> facility.WorkerRegistered | facility.WorkerLeft:
    """A caregiver of all six helps from 08:00 to 18:00; with status 2 the worker has left."""
    told: dict[str, Any] = {
        "worker_id": str(worker_id),
        "organisation_id": str(organisation_id),
        "area_code": COUNTY,
        "skills": [1, 2, 3, 4, 5, 6],
        "caregiver": True,
        "shift_from_min": 480,
        "shift_to_min": 1080,
        "status": 1,
        "registered_at": wire.timestamp(BEGIN),
    }
    worker = facility.Worker(**(told | given))
    return (
        facility.WorkerLeft(worker=worker)
        if worker.status == 2
        else facility.WorkerRegistered(worker=worker)
    )


def a_request(elder_id: UUID, /, **given: Any) -> pb.PlaceOrder:
    """Rooms to be cleaned tomorrow between 9 and 11."""
    told: dict[str, Any] = {
        "elder_id": str(elder_id),
        "item_code": "clean-laundry",
        "wanted_from": wire.timestamp(TOMORROW),
        "wanted_to": wire.timestamp(TOMORROW + timedelta(hours=2)),
        "channel": 2,
    }
    return pb.PlaceOrder(**(told | given))


def an_order(vault: Cipher, *, at: tuple[float, float] | None = HOME, **given: Any) -> Order:
    """A placed order of tomorrow between 9 and 11. at: longitude and latitude of the home."""
    told: dict[str, Any] = {
        "order_id": ids.new(),
        "version": 1,
        "digest": b"",
        "elder_id": ids.new(),
        "area_code": VILLAGE,
        "item_code": "clean-laundry",
        "help": 3,
        "state": State.PLACED,
        "planned_min": 60,
        "price_fen": 3500,
        "wanted_from": TOMORROW,
        "wanted_to": TOMORROW + timedelta(hours=2),
        "placed_at": BEGIN,
        "channel": 2,
        "contact": sealed.seal_contact(vault, "李小明", "13800000001", f"琅琊路{next(_serials)}号"),
        "home": sealed.seal_place(vault, *at) if at else None,
    }
    return Order.model_validate(told | given)


def an_official(area: str = CITY) -> Caller:
    """Somebody of civil affairs."""
    return Caller("official-1", "portal", frozenset({"official"}), area=area)


def a_manager(organisation_id: UUID) -> Caller:
    """A firm's manager."""
    return Caller(
        "manager-1", "portal", frozenset({"provider"}), organisation_id=str(organisation_id)
    )


def the_worker(worker_id: UUID, organisation_id: UUID) -> Caller:
    """A worker with the device in hand."""
    return Caller(
        "worker-1",
        "mobile",
        frozenset({"worker"}),
        organisation_id=str(organisation_id),
        worker_id=str(worker_id),
    )
