"""What homes ask for a month, what the office approves of it, and what vouchers pay; and what a
death that is told late takes back of that.
"""

import math
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from simulator.http_client import Json
from simulator.story import grounds, vouchers
from simulator.story.payments import Payments, StayPart
from simulator.story.recoveries import claim
from simulator.story.story import Story
from simulator.story.vouchers import Vouchers
from simulator.truth.vouchers import UseReversed, VoucherUsed
from simulator.world.days import month_of
from simulator.world.facilities import Facility
from simulator.world.people import Person

# Assumption: what homes ask for, in fen a month; the share of the charges that the office refuses,
# and of own shares that are receipted
FEES = (180_000, 240_000, 300_000, 360_000)
REFUSED, RECEIPTED = 0.05, 0.5
INSTITUTION_SHARE = Fraction(2, 5)  # of the price, by voucher
PAGE = 500


@dataclass(slots=True)
class StayDays:
    """The days [began_on, ended_on) of a stay."""

    person: Person
    facility: Facility
    began_on: date
    ended_on: date | None = None


@dataclass
class StayCharges:
    """fees: fen a month, by facility. stays: by person. approved: what is paid of a month, by
    person and month. months: that were looked at.
    """

    fees: dict[str, int] = field(default_factory=dict)
    stays: dict[int, StayDays] = field(default_factory=dict)
    approved: dict[tuple[int, str], StayPart] = field(default_factory=dict)
    months: set[str] = field(default_factory=set)


async def declare_all(story: Story) -> None:
    """Each home says what a month costs from this one on; who lives there is charged by it."""
    charges = story.state(StayCharges)
    for person, facility in story.roster.residents:
        charges.stays[person.number] = StayDays(person, facility, story.today)
    homes = {facility.facility_id: facility for _, facility in story.roster.residents}
    await story.gateway.each(lambda home: _declare(story, home), homes.values())


async def _declare(story: Story, home: Facility) -> None:
    fee = story.rng("fee", home.name, home.area_code).choice(FEES)
    path = f"/v1/facilities/{home.facility_id}:declare-fee"
    body: Json = {"monthly_fen": fee, "valid_from": f"{story.month}-01"}
    await story.gateway.post(story.tokens["office"], path, body)
    story.state(StayCharges).fees[home.facility_id] = fee


def end_stay(story: Story, person: Person, ended_on: date) -> None:
    """The bed is free from a day on, which may lie in a month that was charged; and before a
    discharge, of a death that is told after it.
    """
    stay = story.state(StayCharges).stays.get(person.number)
    if stay is None or (stay.ended_on and stay.ended_on <= ended_on):
        return
    stay.ended_on = max(stay.began_on, ended_on)
    for (number, month), part in story.state(StayCharges).approved.items():
        if number == person.number:
            _lower(story, part, month)


def price_fen(story: Story, stay: StayDays, month: str) -> tuple[int, int]:
    """The days of a stay in a month, and what they come to."""
    first = date.fromisoformat(f"{month}-01")
    of_month = monthrange(first.year, first.month)[1]
    end = first + timedelta(days=of_month)
    days = (min(end, stay.ended_on or end) - max(first, stay.began_on)).days
    fee = story.state(StayCharges).fees[stay.facility.facility_id]
    days = max(0, days)
    return days, math.floor(Fraction(fee * days, of_month) + Fraction(1, 2))


def _share(price: int) -> int:
    return math.floor(price * INSTITUTION_SHARE + Fraction(1, 2))


async def decide_all(story: Story) -> None:
    """The office looks at the month that is over: each stay in it is charged by its days."""
    charges = story.state(StayCharges)
    month = month_of(story.today.replace(day=1) - timedelta(days=1))
    if month in charges.months or month < month_of(story.begun):
        return
    charges.months.add(month)
    await story.gateway.quiet()
    rows = await _read(story, month)
    wanted = {}
    for stay in charges.stays.values():
        days, price = price_fen(story, stay, month)
        if days:
            wanted[stay.person.elder_id] = days, price
    found = {row["elder_id"]: (int(row["days"]), int(row["price_fen"])) for row in rows}
    # who died before the month was over and was told so afterwards is charged for no day
    story.expect("charges of stays", {key: one for key, one in found.items() if one[0]}, wanted)
    by_elder = {stay.person.elder_id: stay for stay in charges.stays.values()}
    decided = [(by_elder[row["elder_id"]], row) for row in rows if row["elder_id"] in by_elder]
    await story.gateway.each(lambda pair: _decide(story, *pair), decided)
    await story.gateway.quiet()
    await story.gateway.each(lambda pair: _check(story, *pair), decided)


async def _decide(story: Story, stay: StayDays, row: Json) -> None:
    path = f"/v1/stay-charges/{row['charge_id']}:decide"
    month = str(row["month"])
    if story.rng("charge", stay.person.number, month).random() < REFUSED:
        refusal: Json = {"approve": False, "reason": "天数待核实", "version": row["version"]}
        await story.gateway.post(story.tokens["office"], path, refusal)
        story.tally["charges of stays refused"] += 1
        return
    body: Json = {"approve": True, "version": row["version"]}
    await story.gateway.post(story.tokens["office"], path, body)
    story.tally["charges of stays approved"] += 1
    part = StayPart(stay.person, stay.facility.firm, (stay.person.number, month))
    story.state(StayCharges).approved[stay.person.number, month] = part
    _use(story, part, _share(price_fen(story, stay, month)[1]))


async def _check(story: Story, stay: StayDays, row: Json) -> None:
    part = story.state(StayCharges).approved.get((stay.person.number, str(row["month"])))
    if part is None:
        return
    path = f"/v1/stay-charges/{row['charge_id']}"
    answer = await story.gateway.get(story.tokens["office"], path)
    price = int(row["price_fen"])
    found = int(answer["voucher_fen"]), int(answer["own_fen"])
    story.expect(f"voucher of {path}", found, (part.voucher_fen, price - part.voucher_fen))
    own_fen = price - part.voucher_fen
    if own_fen and story.rng("own share of a stay", stay.person.number).random() < RECEIPTED:
        token = story.tokens[f"home {stay.facility.firm.organisation_id}"]
        body: Json = {"received_fen": own_fen, "received_on": story.today.isoformat()}
        await story.gateway.post(token, f"{path}:receipt", body)
        await story.expect_refusal(token, f"{path}:receipt", {**body, "received_fen": 1})
        story.tally["own shares of stays receipted"] += 1


def _use(story: Story, part: StayPart, due_fen: int) -> None:
    """As much as is left of the voucher of the month is owed to the home, though its time is
    over.
    """
    fen = min(due_fen, vouchers.left_fen(story, part.voucher)) if _is_due(story, part) else 0
    part.voucher_fen = fen
    if not fen:
        return
    vouchers.hold_late(story, part.voucher, fen)
    area_code = story.state(Vouchers).areas[part.voucher]
    story.record(VoucherUsed(part.voucher[1], area_code, fen))
    part.approved_on = story.today
    story.state(Payments).unpaid.append(part)
    story.tally["stays paid by vouchers"] += 1


def use_late(story: Story, person: Person) -> None:
    """A voucher that came after its month was over pays what was approved of it before."""
    for (number, month), part in story.state(StayCharges).approved.items():
        if number == person.number and not part.voucher_fen:
            stay = story.state(StayCharges).stays[number]
            _use(story, part, _share(price_fen(story, stay, month)[1]))


def _is_due(story: Story, part: StayPart) -> bool:
    """Whether the ground of the voucher holds on a day of the month."""
    return grounds.voucher_due(story, part.person, part.voucher[1]) is not None


def _lower(story: Story, part: StayPart, month: str) -> None:
    stay = story.state(StayCharges).stays[part.person.number]
    due_fen = _share(price_fen(story, stay, month)[1])
    if due_fen >= part.voucher_fen:
        return
    area_code = story.state(Vouchers).areas[part.voucher]
    if part.paid:
        less_fen = part.voucher_fen - due_fen
        claim(story, part.person, month, area_code, less_fen, of_visit=True)
        part.voucher_fen = due_fen
        story.tally["stays claimed"] += 1
        return
    story.record(UseReversed(month, area_code, part.voucher_fen))
    vouchers.give_back_late(story, part.voucher, part.voucher_fen)
    story.state(Payments).unpaid.remove(part)
    _use(story, part, due_fen)


async def _read(story: Story, month: str) -> list[Json]:
    rows: list[Json] = []
    after = ""
    while True:
        page = await story.gateway.get(
            story.tokens["office"],
            "/v1/stay-charges",
            limit=PAGE,
            after=after,
            month=month,
            state="STATE_OPEN",
        )
        rows += page["rows"]
        after = page["next"]
        if not after:
            return rows
