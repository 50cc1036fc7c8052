"""Vouchers: issued for a month, held for orders, given back, lapsed."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from simulator.story import grounds
from simulator.story.grounds import Due
from simulator.story.story import Story
from simulator.truth.vouchers import (
    Account,
    VoucherHeld,
    VoucherIssued,
    VoucherLapsed,
    VoucherReleased,
    VoucherRestored,
)
from simulator.world.orders import Order
from simulator.world.people import Person

Voucher = tuple[int, str]  # person number, month


@dataclass
class Vouchers:
    """free_fen: what is left of each. areas: where each was issued. usable: the month in which it
    can be used, where its own was over. expired: whose time is over; what is given back to them is
    gone. gone_fen: of each, what nobody used. running: months of those whose time is not over, by
    person.
    """

    free_fen: dict[Voucher, int] = field(default_factory=dict)
    areas: dict[Voucher, str] = field(default_factory=dict)
    usable: dict[Voucher, str] = field(default_factory=dict)
    expired: set[Voucher] = field(default_factory=set)
    running: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    gone_fen: Counter[Voucher] = field(default_factory=Counter)


def bring_in_line(story: Story, person: Person) -> None:
    """Gives the vouchers of the months until now, and ends those of later ones that are not due any
    more.
    """
    for month in grounds.months_until_now(story, person):
        give(story, person, month)
    for month in list(story.state(Vouchers).running[person.number]):
        if grounds.voucher_due(story, person, month) is None:
            lapse(story, (person.number, month))


def give(story: Story, person: Person, month: str) -> None:
    """The voucher of a month, the next one at most, where it is due as far as is known now."""
    if (person.number, month) in story.state(Vouchers).free_fen:
        return
    due = grounds.voucher_due(story, person, month)
    if due is not None:
        issue(story, person.number, due)


def issue(story: Story, number: int, due: Due) -> None:
    """One voucher for each month of an entitled elder; of a month that is over, usable in this
    one.
    """
    vouchers = story.state(Vouchers)
    voucher = number, due.month
    vouchers.free_fen[voucher] = due.fen
    vouchers.areas[voucher] = due.area_code
    vouchers.running[number].append(due.month)
    if due.month < story.month:
        vouchers.usable[voucher] = story.month
        story.tally["vouchers of months that are over"] += 1
    story.world.vouchers.add(voucher)
    story.record(VoucherIssued(due.month, due.area_code, due.fen))


def best(story: Story, number: int, month: str, part_fen: int) -> Voucher:
    """Which of an elder's vouchers pays the most of something in a month, of those alike the
    oldest; that of the month where there is none.
    """
    vouchers = story.state(Vouchers)
    usable = [
        (number, own)
        for own in sorted(vouchers.running[number])
        if vouchers.usable.get((number, own), own) == month
    ]
    return max(
        usable,
        key=lambda voucher: min(part_fen, vouchers.free_fen[voucher]),
        default=(number, month),
    )


def hold(story: Story, voucher: Voucher, fen: int) -> None:
    """A part of a voucher is held for an order."""
    vouchers = story.state(Vouchers)
    vouchers.free_fen[voucher] -= fen
    story.record(VoucherHeld(vouchers.areas[voucher], fen))


def hold_again(story: Story, order: Order) -> int:
    """Of what an order gave back, as much is held as there still is; returns it."""
    if order.month < story.month:
        return 0
    voucher = best(story, order.person.number, order.month, order.promised_fen)
    order.voucher_month = voucher[1]
    fen = min(story.state(Vouchers).free_fen.get(voucher, 0), order.promised_fen)
    if fen:
        hold(story, voucher, fen)
    return fen


def give_back(story: Story, order: Order, source: Account = "held") -> None:
    """What was held, or owed, is free again, or gone at once where the voucher's time is over."""
    if not order.voucher_fen:
        return
    vouchers = story.state(Vouchers)
    area_code = vouchers.areas[order.voucher]
    story.record(VoucherReleased(area_code, order.voucher_fen, source))
    if order.voucher in vouchers.expired:
        vouchers.gone_fen[order.voucher] += order.voucher_fen
        story.record(VoucherLapsed(area_code, order.voucher_fen))
    else:
        vouchers.free_fen[order.voucher] += order.voucher_fen


def left_fen(story: Story, voucher: Voucher) -> int:
    """What nobody has used of a voucher, in its time or since."""
    vouchers = story.state(Vouchers)
    is_over = voucher in vouchers.expired
    return vouchers.gone_fen[voucher] if is_over else vouchers.free_fen.get(voucher, 0)


def hold_late(story: Story, voucher: Voucher, fen: int) -> None:
    """A part is held for a month of a stay that is over, also of what is gone."""
    vouchers = story.state(Vouchers)
    if voucher not in vouchers.expired:
        hold(story, voucher, fen)
        return
    vouchers.gone_fen[voucher] -= fen
    story.record(VoucherRestored(vouchers.areas[voucher], fen))
    story.record(VoucherHeld(vouchers.areas[voucher], fen))


def give_back_late(story: Story, voucher: Voucher, fen: int) -> None:
    """What was owed of a voucher for a month of a stay is not."""
    vouchers = story.state(Vouchers)
    story.record(VoucherReleased(vouchers.areas[voucher], fen, "owed"))
    if voucher in vouchers.expired:
        vouchers.gone_fen[voucher] += fen
        story.record(VoucherLapsed(vouchers.areas[voucher], fen))
    else:
        vouchers.free_fen[voucher] += fen


def lapse(story: Story, voucher: Voucher) -> None:
    """A voucher's time is over: what is free of it is gone, and so will be what is given back
    later.
    """
    vouchers = story.state(Vouchers)
    if voucher not in vouchers.free_fen or voucher in vouchers.expired:
        return
    vouchers.expired.add(voucher)
    vouchers.running[voucher[0]].remove(voucher[1])
    vouchers.gone_fen[voucher] += vouchers.free_fen[voucher]
    story.record(VoucherLapsed(vouchers.areas[voucher], vouchers.free_fen[voucher]))
    vouchers.free_fen[voucher] = 0


def free_of(story: Story, person: Person) -> dict[Voucher, int]:
    """What is free of an elder's vouchers whose time is not over, fen."""
    vouchers = story.state(Vouchers)
    running = [(person.number, month) for month in vouchers.running[person.number]]
    return {voucher: vouchers.free_fen[voucher] for voucher in running}


def restore(story: Story, voucher: Voucher, fen: int) -> None:
    """A voucher that was ended before its time can be used again. fen: what was free of it."""
    vouchers = story.state(Vouchers)
    vouchers.expired.remove(voucher)
    vouchers.gone_fen[voucher] -= fen
    vouchers.running[voucher[0]].append(voucher[1])
    vouchers.free_fen[voucher] = fen
    story.record(VoucherRestored(vouchers.areas[voucher], fen))


def lapse_before(story: Story, month: str) -> None:
    """The vouchers that could be used in the months before this one."""
    vouchers = story.state(Vouchers)
    for number, own in vouchers.running.items():
        for voucher in [(number, one) for one in own]:
            if vouchers.usable.get(voucher, voucher[1]) < month:
                lapse(story, voucher)


def lapse_all(story: Story, person: Person) -> None:
    """An elder's vouchers, since the elder is gone."""
    for month in list(story.state(Vouchers).running[person.number]):
        lapse(story, (person.number, month))
