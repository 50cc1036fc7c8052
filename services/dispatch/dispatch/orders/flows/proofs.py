"""What proves a visit: metres and minutes, from the home and from the worker's other visits."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from eldercare.dispatch.v1 import events_pb2 as events

from dispatch.orders import personal, rules
from dispatch.orders.rules import GeoPoint
from dispatch.orders.tables import Order, OrderRow
from kit.contracts import wire
from kit.db.driver import Row
from kit.db.store import Cipher

# The worker's visits before the check-in and after the check-out that are finished by now; one that
# is only begun will have this one before it when it ends.
_NEIGHBOURS = """select before.checked_out_at, before.out_place,
        following.checked_in_at, following.in_place
    from (select 1) as one
    left join lateral (
        select checked_out_at, out_place from visit_order
        where worker_id = $1 and checked_out_at <= $2 and order_id <> $4
        order by checked_out_at desc limit 1
    ) as before on true
    left join lateral (
        select checked_in_at, in_place from visit_order
        where worker_id = $1 and checked_out_at >= $3 and checked_in_at >= $3 and order_id <> $4
        order by checked_out_at limit 1
    ) as following on true"""


class Reader(Protocol):
    """A session that reads by the driver."""

    def fetchrow(self, query: str, *values: object) -> Awaitable[Row | None]: ...


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The worker's check-out before this visit and check-in after it; positions are sealed."""

    left_at: datetime | None
    left_from: bytes | None
    next_at: datetime | None
    next_in: bytes | None


def finished(
    cipher: Cipher,
    order: OrderRow | Order,
    neighbours: Neighbours,
    arrived_at: datetime,
    left_at: datetime,
    here: GeoPoint | None,
    now: datetime,
    *,
    back_entry: bool = False,
) -> events.OrderFinished:
    """What an auditor needs to judge the visit. here: where the worker left."""
    home = personal.open_position(cipher, order.home)
    arrived_in = personal.open_position(cipher, order.in_place)
    before = personal.open_position(cipher, neighbours.left_from)
    after = personal.open_position(cipher, neighbours.next_in)
    return wire.message(
        events.OrderFinished,
        order,
        checked_out_at=left_at,
        finished_at=now,
        back_entry=back_entry,
        served_min=rules.whole_min(arrived_at, left_at),
        check_out_m=rules.distance_m(home, here),
        previous_m=rules.distance_m(before, arrived_in),
        previous_min=_minutes(neighbours.left_at, arrived_at),
        next_m=rules.distance_m(here, after),
        next_min=_minutes(left_at, neighbours.next_at),
        outside_min=rules.outside_min(arrived_at, order.wanted_from, order.wanted_to),
    )


async def neighbours(
    session: Reader, order: OrderRow | Order, arrived_at: datetime, left_at: datetime
) -> Neighbours:
    """The worker's visits before and after this one."""
    record = await session.fetchrow(
        _NEIGHBOURS, order.worker_id, arrived_at, left_at, order.order_id
    )
    return Neighbours(*record) if record else Neighbours(None, None, None, None)


def sealed(cipher: Cipher, position: GeoPoint | None) -> bytes | None:
    """A position as it is stored."""
    return personal.seal_position(cipher, *position) if position else None


def _minutes(begin: datetime | None, end: datetime | None) -> int | None:
    return rules.whole_min(begin, end) if begin and end else None
