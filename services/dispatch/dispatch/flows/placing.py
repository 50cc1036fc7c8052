"""Places an order: between two transactions stands the call that holds a voucher.

The order's id is made from the client and its idempotency key, so whoever repeats, in whatever
state of things, finds the same order. Placing is hot, so both transactions are raw
(`kit.rpc.idempotency`): one read and one statement each.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import asyncpg
from eldercare.assessment.v1 import events_pb2 as elders
from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as said
from eldercare.subsidy.v1 import api_pb2 as subsidy

from dispatch import sealed
from dispatch.errors import AlreadyCancelled, ElderNotServed, WindowInThePast, WindowTooShort
from dispatch.flows import contacts
from dispatch.flows.contacts import CALL_S
from dispatch.limits import Item, item, limits
from dispatch.rules import days, orders
from dispatch.rules.orders import State
from dispatch.tables import Order
from kit.contracts import wire
from kit.contracts.clock import SHANGHAI, local_day
from kit.contracts.refusals import Conflict, NotFound, Unavailable
from kit.db.final_write import Repeated
from kit.db.raw_session import RawSession
from kit.db.store import Contended, Store
from kit.messaging.outbox import emit
from kit.observability.logs import log
from kit.rpc.client import Client
from kit.rpc.idempotency import KeyReused
from kit.rpc.methods import Call
from kit.runtime.timers import cancel_timer, set_timer
from kit.security import access

NAMESPACE = UUID("6f1d6a52-6d0c-5a43-9e0e-0d3c8b1f6a21")
ALIVE, INSTITUTION = elders.Elder.STATUS_ALIVE, elders.Elder.LIVING_INSTITUTION
TRIES = 3

_COLUMNS = tuple(Order.model_fields)
_PLACES = ", ".join(f"${place}" for place in range(1, len(_COLUMNS) + 1))
_INSERT = " ".join(["insert into visit_order (", ", ".join(_COLUMNS), ") values (", _PLACES, ")"])
_LOOK = """select elder.area_code as home_area, living, elder.status as elder_status, visit_order.* from (select $1::uuid as id) as asked
    left join visit_order on visit_order.order_id = asked.id left join elder on elder.elder_id = coalesce(visit_order.elder_id, $2)"""
# the share lock: a death being told at this moment is waited for, and then seen
_PLACE = """update visit_order set state = $1, voucher_fen = $2, placed_at = $3, version = $4
    from (select elder_id from elder where elder_id = $5 and status = $6 for share) as alive
    where visit_order.order_id = $7 and visit_order.state = $8 and visit_order.elder_id = alive.elder_id"""
_GIVE_UP = "update visit_order set state = $1 where order_id = $2 and state = $3"

Known = dict[str, Any]  # an order by its columns


@dataclass(frozen=True, slots=True)
class Placing:
    """The flow with its two neighbours."""

    assessment: Client
    subsidy: Client

    async def place(self, request: pb.PlaceOrder, store: Store, call: Call) -> pb.Order:
        """One order per key, and the same answer to each repetition: the order as it was placed.

        Raises: Unavailable where a neighbour does not answer; the order may then stand as
        RESERVING, the same key finds it, and the service itself takes it up again.
        """
        order_id = uuid5(NAMESPACE, f"{call.client_id}\n{call.key}")
        digest = hashlib.blake2b(
            request.SerializeToString(deterministic=True), digest_size=16
        ).digest()
        async with store.raw() as session:
            order: Known = dict(await session.fetchrow(_LOOK, order_id, UUID(request.elder_id)))
            chosen = None if order["order_id"] else _asked(session, request, call, order)
        if chosen is not None:
            order = await self._kept(store, request, call, order, chosen, order_id, digest)
        if order["digest"] != digest:
            raise KeyReused(call.method)
        access.check(
            call.caller,
            area=order["area_code"],
            person=order["elder_id"],
            kind="elder",
            key=request.elder_id,
        )
        if order["state"] == State.RESERVING:
            order = await self.confirm(store, order)
        if order["version"] == 0:
            raise AlreadyCancelled(order_id=order_id)
        return wire.message(
            pb.Order,
            order,
            state=int(State.PLACED),
            organisation_id=None,
            worker_id=None,
            planned_at=None,
            followed_up=False,
        )

    async def confirm(self, store: Store, order: Known) -> Known:
        """Holds the voucher and places the order; may be repeated. Raises: Unavailable."""
        voucher_fen = await self._reserved(order) if order["voucher"] else 0
        for _ in range(TRIES):
            try:
                async with store.raw() as session:
                    placed = await _confirmed(session, order["order_id"], voucher_fen)
            except Repeated:  # somebody else placed it, or the elder died or moved out, between reading and writing
                continue
            return placed
        raise Contended(
            "database", f"order {order['order_id']} was in others' way", retry_after_s=0.1
        )

    async def _kept(
        self,
        store: Store,
        request: pb.PlaceOrder,
        call: Call,
        elder: Known,
        chosen: Item,
        order_id: UUID,
        digest: bytes,
    ) -> Known:
        columns = await contacts.asked(
            self.assessment,
            sealed.vault_of(store),
            UUID(request.elder_id),
            on_behalf_of=call.token,
            correlation_id=call.correlation_id,
        )
        try:
            async with store.raw() as session:
                order = wire.row(
                    Order,
                    request,
                    order_id=order_id,
                    digest=digest,
                    area_code=elder["home_area"],
                    state=State.RESERVING,
                    help=chosen.help,
                    planned_min=chosen.planned_min,
                    price_fen=chosen.price_fen,
                    voucher=chosen.voucher,
                    institution=elder["living"] == INSTITUTION,
                    placed_at=session.now,
                    elder_id=UUID(request.elder_id),
                    **columns,
                )
                kept = {name: getattr(order, name) for name in _COLUMNS}
                session.write(_INSERT, *kept.values())
                set_timer(
                    session,
                    session.now + limits(local_day(session.now)).reserve_retry,
                    "reserve",
                    str(order_id),
                )
        except (
            asyncpg.UniqueViolationError
        ):  # the same key arrived twice at once: the other one wrote it
            if (found := await known(store, order_id)) is None:
                raise
            return found
        return kept

    async def _reserved(self, order: Known) -> int:
        asked = subsidy.ReserveVoucher(
            order_id=str(order["order_id"]),
            elder_id=str(order["elder_id"]),
            month=f"{order['wanted_from'].astimezone(SHANGHAI):%Y-%m}",
            price_fen=order["price_fen"],
            institution=order["institution"],
        )
        try:
            held: subsidy.Reservation = await self.subsidy.call(
                "eldercare.subsidy.v1.Vouchers/Reserve",
                asked,
                timeout=CALL_S,
                key=str(order["order_id"]),
                channel="internal",
            )
        except Unavailable as error:
            told = "the voucher cannot be held now; repeat with the same key"
            raise Unavailable("subsidy", told, retry_after_s=error.retry_after_s or 1.0) from error
        except (
            Conflict,
            NotFound,
        ) as error:  # nothing can be held for this elder: the visit is ordered at its price
            log.info("no voucher", reason=error.reason)
            return 0
        return min(held.reserved_fen, int(order["price_fen"]))


async def known(store: Store, order_id: UUID) -> Known | None:
    """An order by its columns."""
    async with store.raw() as session:
        row = await session.fetchrow("select * from visit_order where order_id = $1", order_id)
    return dict(row) if row else None


async def _confirmed(session: RawSession, order_id: UUID, voucher_fen: int) -> Known:
    """The second transaction: the order is placed, unless the elder died or moved out meanwhile or
    somebody else placed it.
    """
    order: Known = dict(await session.fetchrow(_LOOK, order_id, None))
    if order["state"] != State.RESERVING:
        return order
    cancel_timer(session, "reserve", str(order_id))
    if order["elder_status"] != ALIVE or order["wanted_to"] <= session.now:
        session.write(_GIVE_UP, int(State.CANCELLED), order_id, int(State.RESERVING))
        return order | {"state": State.CANCELLED}
    order |= {
        "state": State.PLACED,
        "voucher_fen": voucher_fen,
        "placed_at": session.now,
        "version": order["version"] + 1,
    }
    session.write(
        _PLACE,
        int(State.PLACED),
        voucher_fen,
        session.now,
        order["version"],
        order["elder_id"],
        ALIVE,
        order_id,
        int(State.RESERVING),
    )
    emit(session, wire.message(said.OrderPlaced, order), sequence=order["version"])
    numbers = limits(local_day(session.now))
    planned_at = days.planning_instant(local_day(order["wanted_from"]), numbers.planning_hour)
    first_try = session.now if planned_at <= session.now else planned_at + numbers.retry
    set_timer(session, min(first_try, order["wanted_to"]), "offer", str(order_id))
    return order


def _asked(session: RawSession, request: pb.PlaceOrder, call: Call, elder: Known) -> Item:
    """What the order is for, if it may be. Raises: NotFound, Conflict."""
    if elder["home_area"] is None:
        raise NotFound("elder", request.elder_id, field="elder_id")
    access.check(
        call.caller,
        area=elder["home_area"],
        person=request.elder_id,
        kind="elder",
        key=request.elder_id,
    )
    if elder["elder_status"] != ALIVE:
        raise ElderNotServed(elder_id=request.elder_id)
    today = local_day(session.now)
    chosen = item(request.item_code, today)
    wanted_from, wanted_to = wire.instant(request.wanted_from), wire.instant(request.wanted_to)
    least = limits(today).least_window
    if not orders.is_long_enough(wanted_from, wanted_to, least):
        raise WindowTooShort(least_min=least // timedelta(minutes=1))
    if wanted_to <= session.now or local_day(wanted_from) < today:
        raise WindowInThePast()
    return chosen
