"""Builders, valid by default."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.facility.v1 import events_pb2 as facility

from kit.contracts import ids, wire
from kit.db.personal import KeyRing
from kit.security.access import Caller

Kind = TypeVar("Kind")

VILLAGE = "341102001001"
COUNTY = "341102000000"
CITY = "341100000000"
ELSEWHERE = "341103001001"
BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


def a_key_ring() -> KeyRing:
    """Keys for tests."""
    return KeyRing(f"p1:{base64.b64encode(bytes([1]) * 32).decode()}", None)


def a_worker(worker_id: UUID, organisation_id: UUID) -> facility.WorkerRegistered:
    """Somebody who visits homes."""
    worker = facility.Worker(
        worker_id=str(worker_id),
        organisation_id=str(organisation_id),
        area_code=COUNTY,
        skills=[facility.HELP_MEAL],
        caregiver=True,
        shift_from_min=480,
        shift_to_min=1080,
        status=facility.Worker.STATUS_ACTIVE,
        registered_at=wire.timestamp(BEGIN),
    )
    return facility.WorkerRegistered(worker=worker)


def an_order(order_id: UUID, elder_id: UUID, *, area_code: str = VILLAGE) -> dispatch.OrderPlaced:
    """An order of today."""
    return dispatch.OrderPlaced(
        order_id=str(order_id),
        elder_id=str(elder_id),
        area_code=area_code,
        item_code="clean-laundry",
        price_fen=3500,
        wanted_from=wire.timestamp(BEGIN),
        wanted_to=wire.timestamp(BEGIN + timedelta(hours=2)),
        placed_at=wire.timestamp(BEGIN),
    )


def an_offer(
    order_id: UUID, elder_id: UUID, organisation_id: UUID, *, area_code: str = VILLAGE
) -> dispatch.OrderAssigned:
    """The order was offered to a worker of that organisation."""
    return dispatch.OrderAssigned(
        order_id=str(order_id),
        elder_id=str(elder_id),
        area_code=area_code,
        organisation_id=str(organisation_id),
        worker_id=str(ids.new()),
        attempt=1,
        planned_at=wire.timestamp(BEGIN),
        assigned_at=wire.timestamp(BEGIN),
    )


def a_visit(
    worker_id: UUID,
    organisation_id: UUID,
    *,
    begin: datetime = BEGIN,
    minutes: int = 60,
    **given: object,
) -> dispatch.OrderFinished:
    """An hour at the home, as planned, nothing to doubt. given: other values of its fields; None
    leaves one out.
    """
    end = begin + timedelta(minutes=minutes)
    usual: dict[str, object] = {
        "order_id": str(ids.new()),
        "elder_id": str(ids.new()),
        "area_code": VILLAGE,
        "organisation_id": str(organisation_id),
        "worker_id": str(worker_id),
        "item_code": "clean-laundry",
        "help": 3,
        "planned_min": 60,
        "price_fen": 3500,
        "voucher_fen": 1750,
        "checked_in_at": wire.timestamp(begin),
        "checked_out_at": wire.timestamp(end),
        "served_min": minutes,
        "check_in_m": 20,
        "check_out_m": 30,
        "finished_at": wire.timestamp(end),
    }
    return _filled(dispatch.OrderFinished, usual | given)


def a_follow_up(
    visit: dispatch.OrderFinished, *, satisfied: bool | None
) -> dispatch.OrderFollowedUp:
    """The elder was called after that visit. satisfied: None where nobody answered."""
    return dispatch.OrderFollowedUp(
        order_id=visit.order_id,
        elder_id=visit.elder_id,
        area_code=visit.area_code,
        organisation_id=visit.organisation_id,
        worker_id=visit.worker_id,
        reached=satisfied is not None,
        satisfied=satisfied,
        followed_up_at=visit.finished_at,
    )


def a_provider(organisation_id: UUID) -> Caller:
    """A firm's manager."""
    return Caller(
        "manager-1", "portal", frozenset({"provider"}), organisation_id=str(organisation_id)
    )


def an_inspector(area: str = CITY, subject: str = "inspector-1") -> Caller:
    """Somebody who looks at visits."""
    return Caller(subject, "portal", frozenset({"inspector"}), area=area)


def an_official(area: str = CITY, subject: str = "official-1") -> Caller:
    """Somebody of civil affairs."""
    return Caller(subject, "portal", frozenset({"official"}), area=area)


def a_child_of(*elder_ids: UUID) -> Caller:
    """Family of these elders."""
    return Caller(
        "family-1",
        "mobile",
        frozenset({"family"}),
        elder_ids=frozenset(str(elder) for elder in elder_ids),
    )


def _filled(kind: Callable[..., Kind], values: dict[str, object]) -> Kind:
    return kind(**{name: value for name, value in values.items() if value is not None})
