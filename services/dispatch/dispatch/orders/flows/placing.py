"""Places an order: between two transactions stands the call that holds a voucher.

The order's id is made from the client and its idempotency key, so whoever repeats, in whatever
state of things, finds the same order. Placing is hot, so both transactions are raw
(`kit.rpc.idempotency`): one read and one statement each.
"""

import hashlib
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import cast
from uuid import UUID, uuid5

import asyncpg
from eldercare.assessment.v1 import events_pb2 as elders
from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as events
from eldercare.subsidy.v1 import api_pb2 as subsidy

from dispatch.catalogue.queries import Item, item
from dispatch.limits import limits
from dispatch.orders import personal, queries, rules
from dispatch.orders.errors import (
    AlreadyCancelled,
    DeathReported,
    ElderNotServed,
    OrderedAlready,
    VisitsAtOnce,
    WindowInThePast,
    WindowTooFar,
    WindowTooLong,
    WindowTooShort,
)
from dispatch.orders.flows import contacts, offers
from dispatch.orders.flows.contacts import CALL_S
from dispatch.orders.rules import State, Window
from dispatch.orders.tables import Order, OrderRow
from kit.contracts import wire
from kit.contracts.clock import SHANGHAI, local_day
from kit.contracts.phrases import Phrase
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
ALIVE = elders.Elder.STATUS_ALIVE
INSTITUTION = elders.Elder.LIVING_INSTITUTION
TRIES = 3
NO_VOUCHER_NOW = Phrase(
    "the voucher cannot be held now; repeat with the same key",
    "现在无法冻结消费券，请用同一幂等键重试",
)

_COLUMNS = tuple(Order.model_fields)
_PARAMETERS = ", ".join(f"${number}" for number in range(1, len(_COLUMNS) + 1))
_INSERT = " ".join(
    ["insert into visit_order (", ", ".join(_COLUMNS), ") values (", _PARAMETERS, ")"]
)
_FIND = " ".join(
    [
        "select elder.area_code, elder.living, elder.status, elder.reported_died_on,",
        queries.COLUMNS,
        "from (select $1::uuid as id) as asked",
        "left join visit_order on visit_order.order_id = asked.id",
        "left join elder on elder.elder_id = coalesce(visit_order.elder_id, $2)",
    ]
)
# the share lock: a death that is being written at this moment is waited for, and then seen
_PLACE = """update visit_order set state = $1, voucher_fen = $2, placed_at = $3, version = $4
    from (
        select elder_id from elder
        where elder_id = $5 and status = $6 and reported_died_on is null for share
    ) as alive
    where visit_order.order_id = $7 and visit_order.state = $8
        and visit_order.elder_id = alive.elder_id"""
_OTHERS = """select order_id, item_code, wanted_from, wanted_to, planned_min from visit_order
    where elder_id = $1 and state = any($2::int[]) order by order_id"""
_GIVE_UP = "update visit_order set state = $1 where order_id = $2 and state = $3"


@dataclass(frozen=True, slots=True)
class KnownElder:
    """What the replica holds of an elder."""

    area_code: str
    living: int
    status: int
    reported_died_on: date | None

    @property
    def is_served(self) -> bool:
        """Lives here, and nobody has reported a death."""
        return self.status == ALIVE and self.reported_died_on is None


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
        order = await self._stored(request, store, call)
        if order.digest != _digest(request):
            raise KeyReused(call.method)
        access.check(
            call.caller,
            area=order.area_code,
            person=order.elder_id,
            kind="elder",
            key=request.elder_id,
        )
        if order.state == State.RESERVING:
            order = await self.confirm(store, order)
        else:
            call.replayed = True
        if order.version == 0:
            raise AlreadyCancelled(order_id=order.order_id)
        return wire.message(
            pb.Order,
            order,
            state=int(State.PLACED),
            organisation_id=None,
            worker_id=None,
            planned_at=None,
            followed_up=False,
            attempt=None,
            received_fen=None,
            refused_at=None,
        )

    async def confirm(self, store: Store, order: OrderRow) -> OrderRow:
        """Holds the voucher and places the order; may be repeated. Raises: Unavailable."""
        voucher_fen = await self._hold_voucher(order) if order.voucher else 0
        for _ in range(TRIES):
            try:
                async with store.raw() as session:
                    confirmed = await _confirm(session, order.order_id, voucher_fen)
            except Repeated:
                # somebody else placed it, or the elder died or moved out, between reading and
                # writing
                continue
            return confirmed
        raise Contended("database", retry_after_s=0.1)

    async def _stored(self, request: pb.PlaceOrder, store: Store, call: Call) -> OrderRow:
        """The order of this key; a new one is stored as RESERVING."""
        order_id = uuid5(NAMESPACE, f"{call.client_id}\n{call.key}")
        async with store.raw() as session:
            elder, order = await _find(session, order_id, UUID(request.elder_id))
            if order is not None:
                return order
            elder, wanted = _checked(session, request, call, elder)
            if not request.again:
                await _check_others(session, request, wanted)
        return await self._insert(request, store, call, order_id, elder, wanted)

    async def _insert(
        self,
        request: pb.PlaceOrder,
        store: Store,
        call: Call,
        order_id: UUID,
        elder: KnownElder,
        wanted: Item,
    ) -> OrderRow:
        visited = await contacts.fetch(
            self.assessment,
            personal.cipher_of(store),
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
                    digest=_digest(request),
                    area_code=elder.area_code,
                    state=State.RESERVING,
                    help=wanted.help,
                    planned_min=wanted.planned_min,
                    price_fen=wanted.price_fen,
                    voucher=wanted.voucher,
                    institution=elder.living == INSTITUTION,
                    placed_at=session.now,
                    elder_id=UUID(request.elder_id),
                    contact=visited.contact,
                    home=visited.home,
                )
                session.write(_INSERT, *(getattr(order, name) for name in _COLUMNS))
                retry_at = session.now + limits(local_day(session.now)).reserve_retry
                set_timer(session, retry_at, offers.RESERVE, str(order_id))
        except asyncpg.UniqueViolationError:  # the same key arrived twice at once
            async with store.raw() as session:
                written = await queries.row_of(session, order_id)
            if written is None:
                raise
            return written
        return _row(order)

    async def _hold_voucher(self, order: OrderRow) -> int:
        """What the voucher pays of the order, fen; 0 where nothing can be held for the elder: the
        visit is ordered at its price.
        """
        request = subsidy.ReserveVoucher(
            order_id=str(order.order_id),
            elder_id=str(order.elder_id),
            month=f"{order.wanted_from.astimezone(SHANGHAI):%Y-%m}",
            price_fen=order.price_fen,
            institution=order.institution,
        )
        try:
            held = await self.subsidy.call(
                "eldercare.subsidy.v1.Vouchers/Reserve",
                request,
                timeout=CALL_S,
                key=str(order.order_id),
                channel="internal",
            )
        except Unavailable as error:
            pause_s = error.retry_after_s or 1.0
            raise Unavailable("subsidy", NO_VOUCHER_NOW, retry_after_s=pause_s) from error
        except (Conflict, NotFound) as error:
            log.info("no voucher", reason=error.reason)
            return 0
        return min(cast(subsidy.Reservation, held).reserved_fen, order.price_fen)


def _digest(request: pb.PlaceOrder) -> bytes:
    body = request.SerializeToString(deterministic=True)
    return hashlib.blake2b(body, digest_size=16).digest()


def _row(order: Order) -> OrderRow:
    return OrderRow(*(getattr(order, field.name) for field in fields(OrderRow)))


async def _find(
    session: RawSession, order_id: UUID, elder_id: UUID | None
) -> tuple[KnownElder | None, OrderRow | None]:
    """The elder of an order, and the order; elder_id: whose it would be if it is new."""
    record = await session.fetchrow(_FIND, order_id, elder_id)
    known = len(fields(KnownElder))
    elder = KnownElder(*record[:known]) if record[0] is not None else None
    order = OrderRow(*record[known:]) if record[known] is not None else None
    return elder, order


async def _confirm(session: RawSession, order_id: UUID, voucher_fen: int) -> OrderRow:
    """The second transaction: the order is placed, unless the elder died or moved out meanwhile, is
    reported dead, or somebody else placed it.
    """
    elder, order = await _find(session, order_id, None)
    if order is None:
        raise NotFound("order", order_id)
    if order.state != State.RESERVING:
        return order
    cancel_timer(session, offers.RESERVE, str(order_id))
    if elder is None or not elder.is_served or order.wanted_to <= session.now:
        session.write(_GIVE_UP, int(State.CANCELLED), order_id, int(State.RESERVING))
        return replace(order, state=State.CANCELLED)
    placed = replace(
        order,
        state=State.PLACED,
        voucher_fen=voucher_fen,
        placed_at=session.now,
        version=order.version + 1,
    )
    session.write(
        _PLACE,
        int(State.PLACED),
        voucher_fen,
        session.now,
        placed.version,
        order.elder_id,
        ALIVE,
        order_id,
        int(State.RESERVING),
    )
    emit(session, wire.message(events.OrderPlaced, placed), sequence=placed.version)
    _offer_later(session, placed)
    return placed


def _offer_later(session: RawSession, order: OrderRow) -> None:
    """At once where its day is planned already; else after the planning, which may have left it."""
    numbers = limits(local_day(session.now))
    planned_at = rules.planning_instant(local_day(order.wanted_from), numbers.planning_hour)
    first_try = session.now if planned_at <= session.now else planned_at + numbers.retry
    set_timer(session, min(first_try, order.wanted_to), offers.OFFER, str(order.order_id))


def _checked(
    session: RawSession, request: pb.PlaceOrder, call: Call, elder: KnownElder | None
) -> tuple[KnownElder, Item]:
    """For whom and for what the order is, if it may be. Raises: NotFound, Conflict."""
    if elder is None:
        raise NotFound("elder", request.elder_id, field="elder_id")
    access.check(
        call.caller,
        area=elder.area_code,
        person=request.elder_id,
        kind="elder",
        key=request.elder_id,
    )
    if elder.status != ALIVE:
        raise ElderNotServed(elder_id=request.elder_id)
    if elder.reported_died_on is not None:
        raise DeathReported(elder_id=request.elder_id)
    today = local_day(session.now)
    wanted = item(request.item_code, today)
    wanted_from = wire.instant(request.wanted_from)
    wanted_to = wire.instant(request.wanted_to)
    numbers = limits(today)
    least, most = numbers.least_window, numbers.most_window
    if not rules.is_long_enough(wanted_from, wanted_to, least):
        raise WindowTooShort(least_min=least // timedelta(minutes=1))
    if wanted_to <= session.now or local_day(wanted_from) < today:
        raise WindowInThePast()
    if wanted_to - wanted_from > most:
        raise WindowTooLong(most_min=most // timedelta(minutes=1))
    if wanted_from > session.now + numbers.most_ahead:
        raise WindowTooFar(most_days=numbers.most_ahead.days)
    return elder, wanted


async def _check_others(session: RawSession, request: pb.PlaceOrder, wanted: Item) -> None:
    """Refuses what the elder has ordered already, and what would take place at once.

    Two that are ordered at the same instant do not see each other.
    """
    window = Window(
        wire.instant(request.wanted_from), wire.instant(request.wanted_to), wanted.planned_min
    )
    expected = [int(state) for state in (*rules.EXPECTED, State.IN_SERVICE)]
    for order_id, item_code, *other in await session.fetch(
        _OTHERS, UUID(request.elder_id), expected
    ):
        if item_code == request.item_code and rules.share_hours(window, Window(*other)):
            raise OrderedAlready(order_id=order_id)
        if rules.must_overlap(window, Window(*other)):
            raise VisitsAtOnce(order_id=order_id)
