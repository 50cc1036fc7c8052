"""Debts to firms, which are paid by themselves, by published rules; and what of them a death that
is reported late takes back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time

from kit.contracts.clock import SHANGHAI
from simulator.story.cash import CASH_DAY, pay_cash
from simulator.story.orders import Orders
from simulator.story.recoveries import claim, come_back
from simulator.story.story import Story
from simulator.story.vouchers import Voucher, Vouchers, give_back, hold_again
from simulator.truth.payments import Claimed, FirmPaid, VisitPaid, Withdrawn
from simulator.truth.settlements import VisitApproved
from simulator.truth.vouchers import UseReversed, VoucherUsed
from simulator.world.days import days_between, instant, month_of
from simulator.world.firms import Firm
from simulator.world.geography import county_code
from simulator.world.orders import Order
from simulator.world.people import Person

PAY_WEEKDAY = 5
PAY_TIME = time(16, 0)
PayRun = Callable[[Story, date], None]


@dataclass(eq=False, slots=True)
class StayPart:
    """What a voucher pays of a month of a stay. firm: who runs the home."""

    person: Person
    firm: Firm | None
    voucher: Voucher
    voucher_fen: int = 0
    approved_on: date | None = None
    paid: bool = False


@dataclass
class Payments:
    """unpaid: visits and months of stays that are owed; one payment for each firm and month of the
    vouchers.
    """

    unpaid: list[Order | StayPart] = field(default_factory=list)


def runs_between(before: datetime, now: datetime) -> Iterator[tuple[PayRun, date]]:
    """What is paid, and on which day, by the runs that begin after one instant and not after
    another.
    """
    first = before.astimezone(SHANGHAI).date()
    last = now.astimezone(SHANGHAI).date()
    for day in days_between(first, last):
        if day.day == CASH_DAY and before < instant(day, time()) <= now:
            yield pay_cash, day
        if day.isoweekday() == PAY_WEEKDAY and before < instant(day, PAY_TIME) <= now:
            yield pay_firms, day


def pay_firms(story: Story, day: date) -> None:
    """Every visit and every month of a stay that is owed."""
    payments = story.state(Payments)
    areas = story.state(Vouchers).areas
    by_payment: defaultdict[tuple[str, str, str], list[Order | StayPart]] = defaultdict(list)
    for order in payments.unpaid:
        if order.firm:
            key = order.firm.county, order.firm.organisation_id, order.voucher[1]
            by_payment[key].append(order)
    for (county, _, _), orders in by_payment.items():
        approved_on = min(order.approved_on for order in orders if order.approved_on)
        story.record(FirmPaid(day, county_code(county), approved_on))
        for order in orders:
            story.record(VisitPaid(areas[order.voucher], order.voucher_fen))
            order.paid = True
    payments.unpaid.clear()


def capture(story: Story, order: Order) -> None:
    """An audited visit turns the voucher's part into a debt to the firm."""
    order.captured = True
    order.approved_month = month_of(story.now)
    order.approved_on = story.today
    story.record(VisitApproved(order.approved_month, order.area_code))
    if _after_death(order):  # reported by a device that was offline: nothing is owed for it
        order.reversed = True
        if order.ended_at is None:
            give_back(story, order)
        return
    if order.ended_at is not None:
        order.voucher_fen = hold_again(story, order)
        if not order.voucher_fen:
            order.reversed = True
            return
    area_code = story.state(Vouchers).areas[order.voucher]
    story.record(VoucherUsed(order.voucher[1], area_code, order.voucher_fen))
    story.state(Payments).unpaid.append(order)


def suspend(story: Story, order: Order) -> None:
    """The visit is disputed: what is owed rests, what was paid is claimed back and contested."""
    if not order.captured or order.reversed or order.held or order.contested:
        return
    if order.paid:
        order.contested = True
        area_code = story.state(Vouchers).areas[order.voucher]
        story.record(Claimed(order.voucher[1], area_code, order.voucher_fen))
        story.tally["visits contested"] += 1
    else:
        order.held = True
        story.state(Payments).unpaid.remove(order)


def restore(story: Story, order: Order) -> None:
    """The visit is to be paid after all, unless it lies after the elder's death."""
    if order.contested:
        order.contested = False
        area_code = story.state(Vouchers).areas[order.voucher]
        if _after_death(order):
            order.reversed = True
            come_back(
                story, order.person, order.voucher[1], area_code, order.voucher_fen, of_visit=True
            )
        else:
            story.record(Withdrawn(order.voucher[1], area_code, order.voucher_fen))
    elif order.held:
        order.held = False
        if not order.reversed:
            order.approved_on = story.today
            story.state(Payments).unpaid.append(order)


def confirm(story: Story, order: Order) -> None:
    """The visit is refused for good: what was used of the voucher for it is not, or comes back."""
    area_code = story.state(Vouchers).areas[order.voucher]
    if order.contested:
        order.contested = False
        order.reversed = True
        come_back(
            story, order.person, order.voucher[1], area_code, order.voucher_fen, of_visit=True
        )
    elif order.held and not order.reversed:
        order.reversed = True
        story.record(UseReversed(order.voucher[1], area_code, order.voucher_fen))
        give_back(story, order, "owed")


def _after_death(order: Order) -> bool:
    """Whether the visit lies after the day on which the elder died, as far as that is known."""
    died_on = order.person.died_on
    if order.visit is None or died_on is None:
        return False
    return order.visit.begin.astimezone(SHANGHAI).date() > died_on


def reverse_visits(story: Story, person: Person) -> None:
    """A death was reported: what was used of vouchers after it is owed no more, or claimed where
    it was paid.
    """
    for order in story.state(Orders).by_id.values():
        is_taken_back = order.reversed or order.contested
        if order.person is not person or not order.captured or is_taken_back:
            continue
        if _after_death(order):
            _reverse(story, order)


def _reverse(story: Story, order: Order) -> None:
    order.reversed = True
    area_code = story.state(Vouchers).areas[order.voucher]
    if order.paid:
        claim(story, order.person, order.voucher[1], area_code, order.voucher_fen, of_visit=True)
        story.tally["visits claimed"] += 1
        return
    story.record(UseReversed(order.voucher[1], area_code, order.voucher_fen))
    if not order.held:
        story.state(Payments).unpaid.remove(order)
    give_back(story, order, "owed")
    story.tally["visits reversed"] += 1
