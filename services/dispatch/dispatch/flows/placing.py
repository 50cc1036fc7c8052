"""Places an order: between two transactions stands the call that holds a voucher.

The order's id is made from the client and its idempotency key, so whoever repeats, in whatever state of things, finds the same order.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

from eldercare.assessment.v1 import api_pb2 as assessment
from eldercare.assessment.v1 import events_pb2 as elders
from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as said
from eldercare.subsidy.v1 import api_pb2 as subsidy
from sqlalchemy.exc import IntegrityError

from dispatch.errors import AlreadyCancelled, ElderNotServed, KeyUsedBefore, WindowInThePast, WindowTooShort
from dispatch.flows import sealed
from dispatch.flows.limits import Item, item, limits
from dispatch.rules import days, orders
from dispatch.rules.orders import State
from dispatch.tables import Elder, Order
from kit import access, wire
from kit.clock import SHANGHAI, local_day
from kit.observe import log
from kit.outbox import emit
from kit.refusals import Conflict, NotFound, Unavailable
from kit.rpc import Call, Client
from kit.store import Session, Store
from kit.timers import due, undue

NAMESPACE = UUID("6f1d6a52-6d0c-5a43-9e0e-0d3c8b1f6a21")
ALIVE, INSTITUTION = elders.Elder.STATUS_ALIVE, elders.Elder.LIVING_INSTITUTION
CALL_S = 2.0


@dataclass(frozen=True, slots=True)
class Placing:
    """The flow with its two neighbours."""

    assessment: Client
    subsidy: Client

    async def place(self, request: pb.PlaceOrder, store: Store, call: Call) -> pb.Order:
        """One order per key, and the same answer to each repetition: the order as it was placed.

        Raises: Unavailable where a neighbour does not answer; the order may then stand as RESERVING, the same key finds it, and the
        service itself takes it up again.
        """
        order_id = uuid5(NAMESPACE, f"{call.client_id}\n{call.key}")
        digest = hashlib.blake2b(request.SerializeToString(deterministic=True), digest_size=16).digest()
        async with store.reading() as session:
            order = await session.get(Order, order_id)
            if order is None:
                elder, chosen = await _asked(session, request, call)
        if order is None:
            order = await self._kept(store, request, call, elder, chosen, order_id, digest)
        if order.digest != digest:
            raise KeyUsedBefore(field="idempotency-key")
        access.check(call.caller, area=order.area_code, person=order.elder_id, kind="elder", key=request.elder_id)
        if order.state == State.RESERVING:
            order = await self.confirm(store, order)
        if order.version == 0:
            raise AlreadyCancelled(order_id=order_id)
        return wire.message(pb.Order, order, state=State.PLACED, organisation_id=None, worker_id=None, planned_at=None, followed_up=False)

    async def confirm(self, store: Store, order: Order) -> Order:
        """Holds the voucher and places the order; may be repeated. Raises: Unavailable."""
        voucher_fen = await self._reserved(order) if order.voucher else 0
        async with store.transaction() as session:
            return await confirm(session, order.order_id, voucher_fen)

    async def _kept(
        self, store: Store, request: pb.PlaceOrder, call: Call, elder: Elder, chosen: Item, order_id: UUID, digest: bytes,
    ) -> Order:
        contact: assessment.ElderContact = await self.assessment.call(
            "eldercare.assessment.v1.Elders/Contact", assessment.GetElder(elder_id=request.elder_id), timeout=CALL_S,
            channel="internal", correlation_id=call.correlation_id,
        )
        vault = sealed.vault_of(store)
        position = (contact.lon, contact.lat) if contact.HasField("lon") and contact.HasField("lat") else (None, None)
        try:
            async with store.transaction() as session:
                order: Order = wire.row(
                    Order, request, order_id=order_id, digest=digest, area_code=elder.area_code, state=State.RESERVING,
                    help=chosen.help, planned_min=chosen.planned_min, price_fen=chosen.price_fen, voucher=chosen.voucher,
                    institution=elder.living == INSTITUTION, placed_at=session.now, elder_id=elder.elder_id,
                    contact=sealed.seal_contact(vault, contact.name, contact.phone, contact.address),
                    home=sealed.seal_place(vault, *position),
                )
                session.add(order)
                due(session, session.now + limits(local_day(session.now)).reserve_retry, "reserve", str(order_id))
            return order
        except IntegrityError:  # the same key arrived twice at once: the other one wrote it
            async with store.reading() as session:
                found = await session.get(Order, order_id)
            if found is None:
                raise
            return found

    async def _reserved(self, order: Order) -> int:
        asked = subsidy.ReserveVoucher(
            order_id=str(order.order_id), elder_id=str(order.elder_id), month=f"{order.wanted_from.astimezone(SHANGHAI):%Y-%m}",
            price_fen=order.price_fen, institution=order.institution,
        )
        try:
            held: subsidy.Reservation = await self.subsidy.call(
                "eldercare.subsidy.v1.Vouchers/Reserve", asked, timeout=CALL_S, key=str(order.order_id), channel="internal",
            )
        except Unavailable as error:
            told = "the voucher cannot be held now; repeat with the same key"
            raise Unavailable("subsidy", told, retry_after_s=error.retry_after_s or 1.0) from error
        except (Conflict, NotFound) as error:  # nothing can be held for this elder: the visit is ordered at its price
            log.info("no voucher", reason=error.reason)
            return 0
        return min(held.reserved_fen, order.price_fen)


async def confirm(session: Session, order_id: UUID, voucher_fen: int) -> Order:
    """The second transaction: the order is placed, unless the elder died meanwhile or somebody else placed it."""
    order: Order = await session.get_locked(Order, order_id)
    if order.state != State.RESERVING:
        return order
    undue(session, "reserve", str(order_id))
    elder = await session.get(Elder, order.elder_id, with_for_update={"read": True})
    if elder is None or elder.status != ALIVE or order.wanted_to <= session.now:
        order.state = State.CANCELLED
        return order
    order.state, order.voucher_fen, order.placed_at = State.PLACED, voucher_fen, session.now
    emit(session, wire.message(said.OrderPlaced, order), order)
    numbers = limits(local_day(session.now))
    planned_at = days.planning_instant(local_day(order.wanted_from), numbers.planning_hour)
    first_try = session.now if planned_at <= session.now else planned_at + numbers.retry
    due(session, min(first_try, order.wanted_to), "offer", str(order_id))
    return order


async def _asked(session: Session, request: pb.PlaceOrder, call: Call) -> tuple[Elder, Item]:
    """Whom and what the order is for. Raises: NotFound, Conflict."""
    elder = await session.get(Elder, UUID(request.elder_id))
    if elder is None:
        raise NotFound("elder", request.elder_id, field="elder_id")
    access.check(call.caller, area=elder.area_code, person=elder.elder_id, kind="elder", key=request.elder_id)
    if elder.status != ALIVE:
        raise ElderNotServed(elder_id=request.elder_id)
    today = local_day(session.now)
    chosen = item(request.item_code, today)
    wanted_from, wanted_to = wire.instant(request.wanted_from), wire.instant(request.wanted_to)
    least = limits(today).least_window
    if not orders.is_long_enough(wanted_from, wanted_to, least):
        raise WindowTooShort(least_min=least // timedelta(minutes=1))
    if wanted_to <= session.now or local_day(wanted_from) < today:
        raise WindowInThePast()
    return elder, chosen


