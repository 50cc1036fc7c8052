"""What elders are entitled to, by the published policies; and those who do not want it."""

from datetime import date

from simulator.people import Person
from simulator.story.chances import LATE_DEATHS, REFUSE
from simulator.story.state import Story
from simulator.truth import HELPED

VOUCHER_FEN = 80_000
EARLY = date(2026, 1, 31)  # before it, somebody's death can still be told behind a payment


def entitle(story: Story, one: Person) -> None:
    """What follows from level and hardship."""
    level = story.world.levels.get(one.number)
    disabled = one.alive and level is not None and level >= 2
    if disabled and HELPED & set(one.hardships) and one.number not in story.unwilling:
        _give_cash(story, one)
    else:
        story.world.cash.discard(one.number)
    if disabled and "TEKUN" not in one.hardships:
        if one.number not in story.vouched:
            story.vouched[one.number] = one.area_code
            issue(story, one.number, story.month, one.area_code)
    else:
        story.vouched.pop(one.number, None)
        _end(story, one.number, later_than=story.month)


def _give_cash(story: Story, one: Person) -> None:
    story.world.cash.add(one.number)
    if not one.asked:
        one.asked = True
        late = not story.late_deaths or story.dice("late death", one.number).random() < LATE_DEATHS
        if story.today < EARLY and late:
            one.dies_late = True
            story.late_deaths.append(one)


def issue(story: Story, number: int, month: str, area: str) -> None:
    """One voucher for each month of an entitled elder."""
    if (number, month) not in story.rest:
        story.rest[number, month] = VOUCHER_FEN
        story.voucher_area[number, month] = area
        story.world.vouchers.add((number, month))
        story.truth.count("SU05", month, area, 0, VOUCHER_FEN)
        story.ledger.move(area, "fund", "issued", VOUCHER_FEN)


def lapse(story: Story, number: int, month: str) -> None:
    """A voucher's time is over: what is free of it is gone, and so will be what is given back
    later.
    """
    voucher = number, month
    if voucher in story.rest and voucher not in story.ended:
        story.ended.add(voucher)
        story.ledger.move(story.voucher_area[voucher], "issued", "lapsed", story.rest[voucher])
        story.rest[voucher] = 0


def _end(story: Story, number: int, later_than: str = "") -> None:
    """The vouchers of the months behind one, of somebody who is not entitled any more; all of them
    where none is named.
    """
    for month in [month for one, month in story.rest if one == number and month > later_than]:
        lapse(story, number, month)


def leave(story: Story, one: Person) -> None:
    """Death or moving out ends everything."""
    one.alive = False
    story.world.cash.discard(one.number)
    story.vouched.pop(one.number, None)
    _end(story, one.number)
    story.world.stays.pop(one.number, None)


async def refuse_some(story: Story, approved: list[Person]) -> None:
    """Some do not want the money that came without asking."""
    token = story.tokens["hotline"]
    for one in approved:
        if (
            one.number not in story.world.cash
            or one.dies_late
            or story.dice("refuse", one.number).random() >= REFUSE
        ):
            continue
        rows = (await story.gateway.get(token, "/v1/entitlements", elder_id=one.elder_id))["rows"]
        mine = [
            row
            for row in rows
            if row["policy_code"] == "home-care" and row["state"] == "STATE_OPEN"
        ]
        story.expect("one open home-care entitlement", len(mine), 1)
        await story.gateway.post(token, f"/v1/entitlements/{mine[0]['entitlement_id']}:refuse", {})
        story.world.cash.discard(one.number)
        story.unwilling.add(one.number)
        story.events["refusals"] += 1
