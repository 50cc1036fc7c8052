"""Visits as devices tell of them: arrivals and departures, in time or hours later, honest or not."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from kit.contracts.clock import SHANGHAI
from simulator.people import Person
from simulator.story.ordering import GONE, WAITING, give_back
from simulator.story.state import Story
from simulator.truth import month_of
from simulator.visits import LEANING, Order, Visit, day_of

IN_TIME = timedelta(minutes=15)
ENDED = ("missed", *GONE)
Sent = tuple[datetime, int, Order]  # when, 0 for arrival and 1 for departure, of what


def plan(story: Story) -> None:
    """How today's visits will go, decided once the worker has accepted."""
    by_worker: dict[str, list[Order]] = defaultdict(list)
    for order in story.open.values():
        if (
            order.state == "accepted"
            and order.visit is None
            and order.visitor
            and order.planned_at
            and order.planned_at.astimezone(story.now.tzinfo).date() == story.today
        ):
            by_worker[order.visitor.worker_id].append(order)
    for orders in by_worker.values():
        day_of(
            lambda order: story.dice("visit", order.number),
            sorted(orders, key=lambda one: (one.planned_at, one.number)),
        )


async def send(story: Story) -> None:
    """What devices send now, per worker in their order.

    Fakes that lean on a true visit are sent when the true ones are judged, so that they are the
    later of the two.
    """
    honest, faked = _ripe(story)
    await _sent(story, honest)
    if faked:
        await story.gateway.quiet()
        await _sent(story, faked)


def _ripe(story: Story) -> tuple[list[Sent], list[Sent]]:
    ripe: tuple[list[Sent], list[Sent]] = ([], [])
    for order in [*story.open.values(), *story.unheard]:
        visit = order.visit
        if visit is None or visit.absent:
            continue
        if order.state in ("accepted", *ENDED) and visit.told_in <= story.now:
            ripe[order.cheat in LEANING].append((visit.told_in, 0, order))
        if order.state in ("accepted", "arrived") and visit.told_out <= story.now:
            ripe[order.cheat in LEANING].append((visit.told_out, 1, order))
    return ripe


async def _sent(story: Story, all_sent: list[Sent]) -> None:
    story.sendings += 1
    by_worker: dict[str, list[Sent]] = defaultdict(list)
    for sent in all_sent:
        if sent[2].visitor:
            by_worker[sent[2].visitor.worker_id].append(sent)

    async def tell(worker_id: str) -> None:
        token = story.tokens[f"worker {worker_id}"]
        for _, kind, order in sorted(
            by_worker[worker_id], key=lambda one: (one[0], one[1], one[2].number)
        ):
            if order.visit:
                await (_leave if kind else _arrive)(story, order, order.visit, token)

    await story.gateway.each(tell, sorted(by_worker))


async def _arrive(story: Story, order: Order, visit: Visit, token: str) -> None:
    path = f"/v1/orders/{order.order_id}:check-in"
    if (
        order.state not in WAITING
    ):  # the device was without network for so long that the order is over
        await story.refused(token, path, _proof(visit.begin, visit.place_in))
        story.unheard.remove(order)
        story.events["told too late"] += 1
        return
    if order.behind and order.behind.state != "finished":  # there is no true visit to lean on
        order.cheat = ""
    await story.gateway.post(token, path, _proof(visit.begin, visit.place_in))
    order.state = "arrived"


async def _leave(story: Story, order: Order, visit: Visit, token: str) -> None:
    if order.state != "arrived":
        return
    await story.gateway.post(
        token, f"/v1/orders/{order.order_id}:check-out", _proof(visit.end, visit.place_out)
    )
    order.state, order.finished_month = "finished", story.month
    order.sending = story.sendings
    if order.visitor:
        story.told[order.visitor.worker_id].append(order)
    story.open.pop(order.order_id)
    story.finished_today.append(order)
    story.unjudged.append(order)
    story.events["finished"] += 1
    story.truth.count(
        "DI02", story.month, order.area_code, int(visit.begin - order.wanted_to <= IN_TIME), 1
    )
    story.truth.count("DI03", order.month, order.area_code, 1, 0)
    story.truth.count("DI04", story.month, order.area_code, 0, 1)
    if order.voucher_fen:
        story.truth.count("DI04_FUNDED", story.month, order.area_code, 0, 1)
    for what in (
        order.cheat and f"cheat {order.cheat}",
        visit.told_out > visit.end and not order.cheat and "told later",
        not order.cheat and visit.place_in is None and "without position",
    ):
        if what:
            story.events[what] += 1


def capture(story: Story, order: Order) -> None:
    """An audited visit turns the voucher's part into a debt to the firm."""
    order.captured, order.approved_month, order.approved_on = True, month_of(story.now), story.today
    story.truth.count("SU09", order.approved_month, order.area_code, 0, 1)
    if after_death(order):  # told by a device that was without network: nothing is owed for it
        order.taken_back = True
        give_back(story, order)
        return
    area = story.voucher_area[order.person.number, order.month]
    story.truth.count("SU05", order.month, area, order.voucher_fen, 0)
    story.truth.count("SU07", order.month, area, 0, order.voucher_fen)
    story.ledger.move(area, "held", "owed", order.voucher_fen)
    story.owed.append(order)


def after_death(order: Order) -> bool:
    """Whether the visit lies behind the day on which the elder died, as far as that is known."""
    died_on = order.person.died_on
    return (
        order.visit is not None
        and died_on is not None
        and order.visit.begin.astimezone(SHANGHAI).date() > died_on
    )


def take_back(story: Story, one: Person) -> None:
    """A death was told: what was used of vouchers behind it is owed no more, or claimed where it
    was paid.
    """
    for order in story.orders.values():
        if (
            order.person is not one
            or not order.captured
            or order.taken_back
            or not after_death(order)
        ):
            continue
        order.taken_back, area = True, story.voucher_area[one.number, order.month]
        if order.paid:
            story.truth.count("SU07", order.month, area, order.voucher_fen, 0)
            story.ledger.move(area, "paid", "claims", order.voucher_fen)
            story.events["visits claimed"] += 1
        else:
            story.truth.count("SU05", order.month, area, -order.voucher_fen, 0)
            story.truth.count("SU07", order.month, area, 0, -order.voucher_fen)
            story.owed.remove(order)
            give_back(story, order, "owed")
            story.events["visits reversed"] += 1


def _proof(at: datetime, place: tuple[float, float] | None) -> dict[str, Any]:
    return {"at": at.isoformat()} | ({"lon": place[0], "lat": place[1]} if place else {})
