"""Vouchers: issued for a month, held for orders, given back, lapsed."""

from dataclasses import dataclass, field

from simulator.story.story import Story
from simulator.truth.vouchers import (
    Account,
    VoucherHeld,
    VoucherIssued,
    VoucherLapsed,
    VoucherReleased,
)
from simulator.world.orders import Order

VOUCHER_FEN = 80_000
Voucher = tuple[int, str]  # person number, month


@dataclass
class Vouchers:
    """free_fen: what is left of each. areas: where each was issued. usable: the month in which it
    can be used, where its own was over. expired: whose time is over; what is given back to them is
    gone.
    """

    free_fen: dict[Voucher, int] = field(default_factory=dict)
    areas: dict[Voucher, str] = field(default_factory=dict)
    usable: dict[Voucher, str] = field(default_factory=dict)
    expired: set[Voucher] = field(default_factory=set)


def issue(story: Story, number: int, month: str, area_code: str) -> None:
    """One voucher for each month of an entitled elder; of a month that is over, usable in this
    one.
    """
    vouchers = story.state(Vouchers)
    voucher = number, month
    if voucher in vouchers.free_fen:
        return
    vouchers.free_fen[voucher] = VOUCHER_FEN
    vouchers.areas[voucher] = area_code
    if month < story.month:
        vouchers.usable[voucher] = story.month
        story.tally["vouchers of months that are over"] += 1
    story.world.vouchers.add(voucher)
    story.record(VoucherIssued(month, area_code, VOUCHER_FEN))


def best(story: Story, number: int, month: str, part_fen: int) -> Voucher:
    """Which of an elder's vouchers pays the most of something in a month, of those alike the
    oldest; that of the month where there is none.
    """
    vouchers = story.state(Vouchers)
    usable = [
        voucher
        for voucher in sorted(vouchers.free_fen)
        if voucher[0] == number
        and vouchers.usable.get(voucher, voucher[1]) == month
        and voucher not in vouchers.expired
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
        story.record(VoucherLapsed(area_code, order.voucher_fen))
    else:
        vouchers.free_fen[order.voucher] += order.voucher_fen


def lapse(story: Story, voucher: Voucher) -> None:
    """A voucher's time is over: what is free of it is gone, and so will be what is given back
    later.
    """
    vouchers = story.state(Vouchers)
    if voucher not in vouchers.free_fen or voucher in vouchers.expired:
        return
    vouchers.expired.add(voucher)
    story.record(VoucherLapsed(vouchers.areas[voucher], vouchers.free_fen[voucher]))
    vouchers.free_fen[voucher] = 0


def lapse_before(story: Story, month: str) -> None:
    """The vouchers that could be used in the months before this one."""
    vouchers = story.state(Vouchers)
    for voucher in list(vouchers.free_fen):
        if vouchers.usable.get(voucher, voucher[1]) < month:
            lapse(story, voucher)


def lapse_after(story: Story, number: int, month: str = "") -> None:
    """An elder's vouchers of the months after this one; all of them where none is named."""
    for voucher in list(story.state(Vouchers).free_fen):
        if voucher[0] == number and voucher[1] > month:
            lapse(story, voucher)
