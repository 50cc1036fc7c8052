"""A county's day as the planners' problem, read from what is stored, and back."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from eldercare.facility.v1 import events_pb2 as facility
from sqlmodel import and_, col, or_, select

from dispatch.limits import limits
from dispatch.orders import personal, rules
from dispatch.orders.rules import GeoPoint, State
from dispatch.orders.tables import Declined, Order
from dispatch.planning.rules.problem import Problem, Stop, Visit
from dispatch.planning.rules.problem import Worker as PlannedWorker
from dispatch.planning.rules.travel import Riding
from dispatch.replicas.tables import Organisation, Worker
from kit.contracts import areas
from kit.contracts.clock import day_bounds, day_start, local_day
from kit.contracts.refusals import NotFound
from kit.db.store import Cipher, Session
from kit.security.access import area_range

DAY_S = 86_400


def county_of(area_code: str) -> str:
    """The county an area lies in."""
    return areas.at(area_code, areas.COUNTY)


def second_of(day: date, at: datetime) -> int:
    """Whole seconds after the day's local midnight."""
    return (at - day_start(day)) // timedelta(seconds=1)


def instant_of(day: date, second: int) -> datetime:
    """The instant of a second of the day."""
    return day_start(day) + timedelta(seconds=second)


async def lock(session: Session, county: str) -> None:
    """Lets one transaction at a time promise this county's workers to somebody."""
    driver = await session.driver()
    await driver.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"dispatch/{county}"
    )


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
    session: Session, county: str, day: date, wanted: Sequence[Order], *, shared: bool = True
) -> Problem:
    """The workers who serve a county, what they have promised on that day, and the orders that need
    somebody. Whose certificate has expired by that day, whose organisation is suspended then, and
    who works in a facility is left out.

    shared: keeps the workers and their organisations as they are until the transaction ends, so
    that none leaves or is suspended unnoticed;
    False where nothing is written.
    """
    workers = await _workers(session, county, day, shared)
    bound = await _bound(session, day, [worker for worker, _ in workers])
    excluded = await _excluded(session, [order.order_id for order in wanted])
    cipher = personal.cipher_of(session.store)
    open_visits = [
        _visit(cipher, day, order, excluded=frozenset(excluded[order.order_id])) for order in wanted
    ]
    promised_visits = [_visit(cipher, day, order, pinned=_promised(day, order)) for order in bound]
    numbers = limits(local_day(session.now))
    passed_s = -((day_start(day) - session.now) // timedelta(seconds=1))
    planned = [shift for worker, firm in workers for shift in _shifts(worker, firm)]
    return Problem(
        visits=(*open_visits, *promised_visits),
        workers=tuple(planned),
        riding=Riding(numbers.detour, numbers.speed_kmh, numbers.unknown_travel_min),
        most=numbers.most_visits,
        now_s=max(-DAY_S, passed_s),
    )


async def worker_of(session: Session, worker_id: UUID) -> Worker:
    """A worker. Raises: NotFound."""
    worker: Worker | None = await session.get(Worker, worker_id)
    if worker is None:
        raise NotFound("worker", worker_id)
    return worker


def _visit(
    cipher: Cipher,
    day: date,
    order: Order,
    *,
    excluded: frozenset[str] = frozenset(),
    pinned: Stop | None = None,
) -> Visit:
    return Visit(
        visit_id=str(order.order_id),
        home=personal.open_position(cipher, order.home),
        help=order.help,
        from_s=second_of(day, order.wanted_from),
        to_s=second_of(day, order.wanted_to),
        service_s=order.planned_min * 60,
        excluded=excluded,
        pinned=pinned,
    )


def _promised(day: date, order: Order) -> Stop:
    begin_at = order.checked_in_at or order.planned_at or order.wanted_from
    return Stop(str(order.order_id), str(order.worker_id), second_of(day, begin_at))


def _shifts(worker: Worker, organisation: Organisation) -> Iterator[PlannedWorker]:
    """The worker's shifts that touch the day: the one of the night before, and that of the day."""
    from_s = worker.shift_from_min * 60
    to_s = worker.shift_to_min * 60
    at_night = _is_at_night(worker)
    for begin_s, end_s in (
        ((from_s - DAY_S, to_s), (from_s, to_s + DAY_S)) if at_night else ((from_s, to_s),)
    ):
        yield PlannedWorker(
            worker_id=str(worker.worker_id),
            organisation_id=str(worker.organisation_id),
            depot=GeoPoint(organisation.lon, organisation.lat),
            skills=frozenset(worker.skills),
            from_s=begin_s,
            to_s=end_s,
        )


def _is_at_night(worker: Worker) -> bool:
    """True where the shift ends on the day after it began."""
    return worker.shift_to_min < worker.shift_from_min


async def _workers(
    session: Session, county: str, day: date, shared: bool
) -> Sequence[tuple[Worker, Organisation]]:
    certified_until = col(Worker.certified_until)
    suspended_from, suspended_to = col(Organisation.suspended_from), col(Organisation.suspended_to)
    query = (
        select(Worker, Organisation)
        .where(
            Worker.organisation_id == Organisation.organisation_id,
            col(Worker.area_code).between(*area_range(county)),
            Worker.status == facility.Worker.STATUS_ACTIVE,
            or_(certified_until.is_(None), certified_until >= day),
            Organisation.status == facility.Organisation.STATUS_ACTIVE,
            Organisation.home_services,
            or_(suspended_from.is_(None), suspended_from > day, suspended_to <= day),
            Worker.place_of_work != facility.Worker.PLACE_OF_WORK_FACILITY,
        )
        .order_by(col(Worker.worker_id))
    )
    if shared:
        query = query.with_for_update(read=True, of=[Worker, Organisation])
    return (await session.exec(query)).all()


async def _bound(session: Session, day: date, workers: Sequence[Worker]) -> Sequence[Order]:
    """What is promised in the shifts that touch the day: of those at night also before and after
    it.
    """
    first, last = day_bounds(day)
    nights = [worker.worker_id for worker in workers if _is_at_night(worker)]
    planned_at = col(Order.planned_at)
    query = (
        select(Order)
        .where(
            col(Order.worker_id).in_([worker.worker_id for worker in workers]),
            col(Order.state).in_(rules.BOUND),
            or_(
                and_(planned_at >= first, planned_at < last),
                and_(
                    col(Order.worker_id).in_(nights),
                    planned_at >= first - timedelta(seconds=DAY_S),
                    planned_at < last + timedelta(seconds=DAY_S),
                ),
            ),
        )
        .order_by(col(Order.order_id))
    )
    return (await session.exec(query)).all()


async def _excluded(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, set[str]]:
    query = select(Declined).where(col(Declined.order_id).in_(order_ids))
    excluded: dict[UUID, set[str]] = defaultdict(set)
    for row in (await session.exec(query)).all():
        excluded[row.order_id].add(str(row.worker_id))
    return excluded
