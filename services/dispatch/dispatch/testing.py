"""Builders, valid by default; all persons are invented."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar
from uuid import UUID

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.facility.v1 import events_pb2 as facility

from dispatch.orders import personal
from dispatch.orders.rules import State
from dispatch.orders.tables import Order
from kit.contracts import ids, wire
from kit.db.personal import KeyRing
from kit.db.store import Cipher
from kit.security.access import Caller

Kind = TypeVar("Kind")

VILLAGE = "341102001001"
COUNTY = "341102000000"
CITY = "341100000000"
ELSEWHERE = "341103001001"
BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
TOMORROW = BEGIN + timedelta(days=1)
HOME = (118.30, 32.30)
_serials = count(1)


def a_key_ring() -> KeyRing:
    """Keys for tests."""
    return KeyRing(
        f"p1:{base64.b64encode(bytes([1]) * 32).decode()}",
        f"h1:{base64.b64encode(bytes([2]) * 32).decode()}",
    )


def an_elder(
    elder_id: UUID | None = None, **given: object
) -> assessment.ElderRegistered | assessment.ElderDied:
    """The state of an elder who lives alone in the first community; with `died_on` the elder is
    dead.
    """
    usual: dict[str, object] = {
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
    elder = _filled(assessment.Elder, usual | given)
    if "died_on" in given:
        return assessment.ElderDied(elder=elder)
    return assessment.ElderRegistered(elder=elder)


def an_organisation(organisation_id: UUID, **given: object) -> facility.OrganisationRegistered:
    """A provider of home services near the homes of these tests."""
    usual: dict[str, object] = {
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
    organisation = _filled(facility.Organisation, usual | given)
    return facility.OrganisationRegistered(organisation=organisation)


def a_worker(
    worker_id: UUID, organisation_id: UUID, **given: object
) -> facility.WorkerRegistered | facility.WorkerLeft:
    """A caregiver of all six helps from 08:00 to 18:00; with status 2 the worker has left."""
    usual: dict[str, object] = {
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
    worker = _filled(facility.Worker, usual | given)
    if worker.status == facility.Worker.STATUS_LEFT:
        return facility.WorkerLeft(worker=worker)
    return facility.WorkerRegistered(worker=worker)


def a_request(elder_id: UUID, /, **given: object) -> pb.PlaceOrder:
    """Rooms to be cleaned tomorrow between 9 and 11."""
    usual: dict[str, object] = {
        "elder_id": str(elder_id),
        "item_code": "clean-laundry",
        "wanted_from": wire.timestamp(TOMORROW),
        "wanted_to": wire.timestamp(TOMORROW + timedelta(hours=2)),
        "channel": 2,
    }
    return _filled(pb.PlaceOrder, usual | given)


def an_order(cipher: Cipher, *, at: tuple[float, float] | None = HOME, **given: object) -> Order:
    """A placed order of tomorrow between 9 and 11. at: longitude and latitude of the home."""
    address = f"琅琊路{next(_serials)}号"
    usual: dict[str, object] = {
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
        "contact": personal.seal_contact(cipher, "李小明", "13800000001", address),
        "home": personal.seal_position(cipher, *at) if at else None,
    }
    return Order.model_validate(usual | given)


def an_official(area: str = CITY) -> Caller:
    """Somebody of civil affairs."""
    return Caller("official-1", "portal", frozenset({"official"}), area=area)


def a_provider(organisation_id: UUID) -> Caller:
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


def _filled(kind: Callable[..., Kind], values: dict[str, object]) -> Kind:
    return kind(**values)
