"""Time passes: the platform's clock moves on, and the truth follows what the platform does by
itself, by its published rules.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

from kit.contracts.clock import SHANGHAI
from simulator import norms
from simulator.story import entitling, ordering
from simulator.story.state import Story, days_between, instant
from simulator.truth import month_of
from simulator.visits import Order

CASH_FEN = {2: 10_000, 3: 18_000, 4: 26_000}  # home-care subsidy a month by level
CASH_DAY, PAY_WEEKDAY, PAY_TIME = 10, 5, time(16, 0)
MISSED_AFTER = timedelta(hours=4)


async def move(story: Story, at: time) -> None:
    """The clock moves on, and what became due happens; then the story catches up with it."""
    then = instant(story.today, at)
    if month_of(then) != story.month:
        story.truth.close(story.month, story.world)
    before, story.now = story.now, then
    await story.tokens.renew()
    if month_of(before) != story.month or any(
        _pay_runs(before, then)
    ):  # a visit approved at half past two is paid at four
        await story.gateway.quiet()
    await story.gateway.clock(story.now.isoformat())
    await story.gateway.quiet()
    _catch_up(story, before)


def _catch_up(story: Story, before: datetime) -> None:
    if story.month != month_of(before):
        for number, month in list(story.rest):
            if month < story.month:
                entitling.lapse(story, number, month)
        for number, area in story.vouched.items():
            entitling.issue(story, number, story.month, area)
    for pay, day in _pay_runs(before, story.now):
        pay(story, day)
    for order in list(story.open.values()):
        if order.state in ("placed", "offered") and order.wanted_to <= story.now:
            ordering.end(story, order, "unserved")
        elif order.state == "accepted" and order.wanted_to + MISSED_AFTER <= story.now:
            ordering.end(story, order, "missed")


def _pay_runs(
    before: datetime, now: datetime
) -> Iterator[tuple[Callable[[Story, date], None], date]]:
    """What is paid, and on which day, by the runs that begin after one instant and not after
    another.
    """
    for day in days_between(before.astimezone(SHANGHAI).date(), now.astimezone(SHANGHAI).date()):
        if day.day == CASH_DAY and before < instant(day, time()) <= now:
            yield _pay_cash, day
        if day.isoweekday() == PAY_WEEKDAY and before < instant(day, PAY_TIME) <= now:
            yield _pay_debts, day


def _pay_cash(story: Story, day: date) -> None:
    month = month_of(day)
    for number in story.world.cash:
        one, fen = story.by_number[number], CASH_FEN[story.world.levels[number]]
        story.paid[number].append((month, fen, one.area_code))
        story.truth.count("SU06", month, one.area_code, int(day <= norms.cash_due(day)), 1)
        story.truth.count("SU07", month, one.area_code, 0, fen)
        story.ledger.move(one.area_code, "fund", "paid", fen)


def _pay_debts(story: Story, day: date) -> None:
    payments: defaultdict[tuple[str, str, str], list[Order]] = defaultdict(
        list
    )  # one for each firm and month of the vouchers
    for order in story.owed:
        if order.firm:
            payments[order.firm.county, order.firm.organisation_id, order.month].append(order)
    for (county, _, _), orders in payments.items():
        in_time = day <= norms.settlement_due(
            min(order.approved_on for order in orders if order.approved_on)
        )
        story.truth.count("SU06", month_of(day), f"{county}000000", int(in_time), 1)
        for order in orders:
            story.ledger.move(
                story.voucher_area[order.person.number, order.month],
                "owed",
                "paid",
                order.voucher_fen,
            )
            order.paid = True
    story.owed.clear()
