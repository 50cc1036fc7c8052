"""Visits as devices report them: arrivals and departures, in time or hours later, honest or not."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from simulator.http_client import Json
from simulator.story.orders import GONE, WAITING, Orders
from simulator.story.story import Story
from simulator.truth.orders import OrderEnded
from simulator.truth.visits import VisitFinished
from simulator.world.geography import Point
from simulator.world.orders import Order, Visit
from simulator.world.visits import DEPENDENT_CHEATS, simulate_day

# Assumption: share of visits told too late that are approved, of these by the office
BACK_ENTRY_APPROVED = 0.85
BY_OFFICE = 0.5
OVER = ("missed", *GONE)


@dataclass
class Visits:
    """reported: finished, by worker in the order of the reports. at_home: the same by the elder's
    number. batches: how often reports were sent. unaudited: finished, and not judged yet.
    back_entries: told after their order had ended, and not decided about yet. finished_today: until
    the evening ends.
    """

    reported: defaultdict[str, list[Order]] = field(default_factory=lambda: defaultdict(list))
    at_home: defaultdict[int, list[Order]] = field(default_factory=lambda: defaultdict(list))
    batches: int = 0
    unaudited: list[Order] = field(default_factory=list)
    back_entries: list[Order] = field(default_factory=list)
    finished_today: list[Order] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """What a device sends at an instant: the departure of a visit, or its arrival."""

    sent_at: datetime
    departure: bool
    order: Order

    @property
    def place(self) -> tuple[datetime, bool, int]:
        """In the sequence of a worker's reports."""
        return self.sent_at, self.departure, self.order.number


def plan(story: Story) -> None:
    """How today's visits will go, decided once the worker has accepted."""
    by_worker: defaultdict[str, list[Order]] = defaultdict(list)
    for order in story.state(Orders).open.values():
        if order.state == "accepted" and order.visit is None and _is_planned_today(story, order):
            by_worker[order.worker_id].append(order)
    for orders in by_worker.values():
        orders.sort(key=attrgetter("planned_at", "number"))
        simulate_day(lambda order: story.rng("visit", order.number), orders)


def _is_planned_today(story: Story, order: Order) -> bool:
    if order.worker is None or order.planned_at is None:
        return False
    return order.planned_at.astimezone(story.now.tzinfo).date() == story.today


async def send_reports(story: Story) -> None:
    """What devices send now, per worker in their order.

    Fakes that depend on a true visit are sent when the true ones are judged, so that they are the
    later of the two.
    """
    honest, dependent = _due_reports(story)
    await _send(story, honest)
    if dependent:
        await story.gateway.quiet()
        await _send(story, dependent)


def _due_reports(story: Story) -> tuple[list[Report], list[Report]]:
    """Those that depend on no other visit, and those that do."""
    due: tuple[list[Report], list[Report]] = ([], [])
    orders = story.state(Orders)
    for order in [*orders.open.values(), *orders.to_report]:
        due[order.cheat in DEPENDENT_CHEATS].extend(_due_of(story, order))
    return due


def _due_of(story: Story, order: Order) -> list[Report]:
    visit = order.visit
    due: list[Report] = []
    if visit is None or visit.absent:
        return due
    is_over = order.state in OVER
    sent_at = visit.departure_sent_at if is_over else visit.arrival_sent_at
    if (order.state == "accepted" or is_over) and sent_at <= story.now:
        due.append(Report(visit.arrival_sent_at, False, order))
    if order.state in ("accepted", "arrived") and visit.departure_sent_at <= story.now:
        due.append(Report(visit.departure_sent_at, True, order))
    return due


async def _send(story: Story, reports: list[Report]) -> None:
    story.state(Visits).batches += 1
    by_worker: defaultdict[str, list[Report]] = defaultdict(list)
    for report in reports:
        if report.order.worker:
            by_worker[report.order.worker_id].append(report)

    async def send(worker_id: str) -> None:
        token = story.tokens[f"worker {worker_id}"]
        for report in sorted(by_worker[worker_id], key=attrgetter("place")):
            if report.departure:
                await _depart(story, report.order, token)
            else:
                await _arrive(story, report.order, token)

    await story.gateway.each(send, sorted(by_worker))


async def _arrive(story: Story, order: Order, token: str) -> None:
    visit = order.served
    path = f"/v1/orders/{order.order_id}:check-in"
    proof = _proof(visit.begin, visit.arrival_point)
    if order.state not in WAITING:  # the device was offline for so long that the order is over
        story.state(Orders).to_report.remove(order)
        if order.ended_at is not None and visit.begin < order.ended_at:
            await _file_back_entry(story, order, token)
            return
        await story.expect_refusal(token, path, proof)
        story.tally["reported too late"] += 1
        return
    if order.based_on and order.based_on.state != "finished":  # there is no true visit to depend on
        order.cheat = ""
    await story.gateway.post(token, path, proof)
    order.state = "arrived"


async def _file_back_entry(story: Story, order: Order, token: str) -> None:
    """The visit took place before the order ended: it is kept for somebody to approve."""
    visit = order.served
    if order.based_on and order.based_on.state != "finished":
        order.cheat = ""
    path = f"/v1/orders/{order.order_id}"
    arrival = _proof(visit.begin, visit.arrival_point)
    begun = await story.gateway.post(token, f"{path}:check-in", arrival)
    story.expect(f"order {order.number} is a back-entry", begun["back_entry"], True)
    departure = _proof(visit.end, visit.departure_point)
    await story.gateway.post(token, f"{path}:check-out", departure)
    story.state(Visits).back_entries.append(order)
    story.tally["back-entries"] += 1


async def decide_back_entries(story: Story) -> None:
    """The office or the firm approves most of the visits that were told too late."""
    visits = story.state(Visits)
    orders, visits.back_entries = visits.back_entries, []
    for order in orders:
        visits.batches += 1
        await _decide_back_entry(story, order)


async def _decide_back_entry(story: Story, order: Order) -> None:
    rng = story.rng("back-entry", order.number)
    approve = rng.random() < BACK_ENTRY_APPROVED
    firm = order.firm.organisation_id if order.firm else ""
    who = "office" if rng.random() < BY_OFFICE else f"firm {firm}"
    path = f"/v1/back-entries/{order.order_id}:decide"
    await story.gateway.post(story.tokens[who], path, {"approve": approve})
    story.tally["back-entries approved" if approve else "back-entries rejected"] += 1
    if approve:
        _finish(story, order, order.served)
        _count_oddities(story, order, order.served)


async def _depart(story: Story, order: Order, token: str) -> None:
    if order.state != "arrived":
        return
    visit = order.served
    proof = _proof(visit.end, visit.departure_point)
    await story.gateway.post(token, f"/v1/orders/{order.order_id}:check-out", proof)
    _finish(story, order, visit)
    _count_oddities(story, order, visit)


def _finish(story: Story, order: Order, visit: Visit) -> None:
    visits = story.state(Visits)
    withdrawn = order.state in GONE
    order.state = "finished"
    order.finished_month = story.month
    order.batch = visits.batches
    if order.worker:
        visits.reported[order.worker_id].append(order)
        visits.at_home[order.person.number].append(order)
    story.state(Orders).open.pop(order.order_id, None)
    visits.finished_today.append(order)
    visits.unaudited.append(order)
    story.tally["finished"] += 1
    if order.ended_at is None:
        story.record(OrderEnded(order.month, order.area_code, order.wanted_to))
    story.record(
        VisitFinished(
            month=story.month,
            order_month=order.month,
            area_code=order.area_code,
            begin=visit.begin,
            wanted_to=order.wanted_to,
            funded=bool(order.promised_fen),
            withdrawn=withdrawn,
        )
    )


def _count_oddities(story: Story, order: Order, visit: Visit) -> None:
    if order.cheat:
        story.tally[f"cheat {order.cheat}"] += 1
        return
    if visit.departure_sent_at > visit.end:
        story.tally["reported later"] += 1
    if visit.arrival_point is None:
        story.tally["without position"] += 1


def _proof(at: datetime, position: Point | None) -> Json:
    proof: Json = {"at": at.isoformat()}
    if position:
        proof["lon"], proof["lat"] = position
    return proof
