"""A county's day as the planners' problem, read from what is remembered, and back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from eldercare.facility.v1 import events_pb2 as facility
from sqlmodel import col, select

from dispatch import sealed
from dispatch.limits import limits
from dispatch.rules import orders
from dispatch.rules.orders import State
from dispatch.rules.problem import Problem, Stop, Visit
from dispatch.rules.problem import Worker as Able
from dispatch.rules.travel import Place
from dispatch.tables import Declined, Order, Organisation, Worker
from kit.contracts import areas
from kit.contracts.clock import day_bounds, day_start, local_day
from kit.contracts.refusals import NotFound
from kit.db.store import Session
from kit.security.access import area_range


def county_of(area_code: str) -> str:
    """The county an area lies in."""
    return areas.at(area_code, areas.COUNTY)


def second_of(day: date, at: datetime) -> int:
    """Whole seconds after the day's local midnight."""
    return (at - day_start(day)) // timedelta(seconds=1)


def instant_of(day: date, second: int) -> datetime:
    """The instant of a second of the day."""
    return day_start(day) + timedelta(seconds=second)


async def placed(
    session: Session, county: str, day: date, *, locked: bool = False
) -> Sequence[Order]:
    """The orders of a county's day that nobody has been offered, in the order of their ids."""
    first, last = day_bounds(day)
    query = (
        select(Order)
        .where(
            Order.state == State.PLACED,
            Order.wanted_from >= first,
            Order.wanted_from < last,
            col(Order.area_code).between(*area_range(county)),
        )
        .order_by(col(Order.order_id))
    )
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(query)).all()


async def problem(
    session: Session, county: str, day: date, wanted: Iterable[Order], *, shared: bool = True
) -> Problem:
    """The workers who serve a county, what they have promised on that day, and the orders that need
    somebody.

    shared: keeps the workers as they are until the transaction ends, so that none leaves unnoticed;
    False where nothing is written.
    """
    workers = await _workers(session, county, shared)
    bound = await _bound(session, day, [worker.worker_id for worker, _ in workers])
    wanted = list(wanted)
    barred = await _barred(session, [order.order_id for order in wanted])
    vault = sealed.vault_of(session.store)
    today = local_day(session.now)

    def visit(order: Order, pinned: Stop | None = None) -> Visit:
        return Visit(
            str(order.order_id),
            sealed.open_place(vault, order.home),
            order.help,
            second_of(day, order.wanted_from),
            second_of(day, order.wanted_to),
            order.planned_min * 60,
            frozenset(barred[order.order_id]),
            pinned,
        )

    def promised(order: Order) -> Stop:
        begin_at = order.checked_in_at or order.planned_at or order.wanted_from
        return Stop(str(order.order_id), str(order.worker_id), second_of(day, begin_at))

    visits = [visit(order) for order in wanted] + [visit(order, promised(order)) for order in bound]
    able = [
        Able(
            str(worker.worker_id),
            str(worker.organisation_id),
            Place(organisation.lon, organisation.lat),
            frozenset(worker.skills),
            worker.shift_from_min * 60,
            worker.shift_to_min * 60,
        )
        for worker, organisation in workers
    ]
    numbers = limits(today)
    now_s = max(0, -((day_start(day) - session.now) // timedelta(seconds=1)))
    return Problem(tuple(visits), tuple(able), numbers.riding, numbers.most_visits, now_s)


async def worker_of(session: Session, worker_id: UUID) -> Worker:
    """A worker. Raises: NotFound."""
    worker: Worker | None = await session.get(Worker, worker_id)
    if worker is None:
        raise NotFound("worker", worker_id)
    return worker


async def _workers(
    session: Session, county: str, shared: bool
) -> Sequence[tuple[Worker, Organisation]]:
    query = (
        select(Worker, Organisation)
        .where(
            Worker.organisation_id == Organisation.organisation_id,
            col(Worker.area_code).between(*area_range(county)),
            Worker.status == facility.Worker.STATUS_ACTIVE,
            Organisation.status == facility.Organisation.STATUS_ACTIVE,
            Organisation.home_services,
        )
        .order_by(col(Worker.worker_id))
    )
    if shared:
        query = query.with_for_update(read=True, of=Worker)
    return (await session.exec(query)).all()


async def _bound(session: Session, day: date, worker_ids: Sequence[UUID]) -> Sequence[Order]:
    first, last = day_bounds(day)
    return (
        await session.exec(
            select(Order)
            .where(
                col(Order.worker_id).in_(worker_ids),
                col(Order.state).in_(orders.BOUND),
                col(Order.planned_at) >= first,
                col(Order.planned_at) < last,
            )
            .order_by(col(Order.order_id))
        )
    ).all()


async def _barred(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, set[str]]:
    barred: dict[UUID, set[str]] = defaultdict(set)
    for row in (
        await session.exec(select(Declined).where(col(Declined.order_id).in_(order_ids)))
    ).all():
        barred[row.order_id].add(str(row.worker_id))
    return barred
