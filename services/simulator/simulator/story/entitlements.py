"""What elders are entitled to, by the published policies; and those who do not want it."""

from dataclasses import dataclass, field
from datetime import date

from simulator.story import cash, vouchers
from simulator.story.story import Story
from simulator.world.days import days_between, month_of
from simulator.world.people import SUBSIDISED, Person

# the least levels that entitle: to the voucher, and to the cash where there is a hardship
VOUCHER_LEVEL, CASH_LEVEL = 2, 1
EARLY = date(2026, 1, 31)  # before it, somebody's death can still be reported after a payment
# Assumption: of those who get cash early, and the first of them: reported after a month was paid
# that they did not live in
LATE_DEATHS = 0.15
REFUSE = 0.12  # Assumption: share of those who get cash without asking


@dataclass
class Entitlements:
    """voucher_areas: persons with an open voucher entitlement → area. unwilling: persons who did
    not want the cash. late_deaths: whose death will be reported late.
    """

    voucher_areas: dict[int, str] = field(default_factory=dict)
    unwilling: set[int] = field(default_factory=set)
    late_deaths: list[Person] = field(default_factory=list)


def entitle(story: Story, person: Person, since: date | None = None) -> None:
    """What follows from level and hardship. since: the day from which the level holds, where it is
    new; what it gives for the time before it was known is given now.
    """
    level = story.world.levels.get(person.number, 0) if person.alive else 0
    _entitle_to_cash(story, person, level >= CASH_LEVEL, since or story.today)
    _entitle_to_vouchers(story, person, level >= VOUCHER_LEVEL, since or story.today)


def _entitle_to_cash(story: Story, person: Person, disabled: bool, since: date) -> None:
    if person.number in story.state(Entitlements).unwilling:
        return
    if disabled:
        days = days_between(since, story.today)
        poor = {month_of(day) for day in days if SUBSIDISED & set(person.hardships_on(day))}
        for month in sorted(poor):
            cash.owe_cash(story, person.number, month)
    if not disabled or not SUBSIDISED & set(person.hardships):
        story.world.cash.discard(person.number)
        if story.today.day == 1:
            # on no day of this month
            cash.owe_no_cash(story, person.number, story.month)
        return
    story.world.cash.add(person.number)
    if not person.entitled_once:
        person.entitled_once = True
        _decide_death(story, person)


def _decide_death(story: Story, person: Person) -> None:
    """Some of those who get cash early will die without a report in time; the first one does."""
    late_deaths = story.state(Entitlements).late_deaths
    late = not late_deaths or story.rng("late death", person.number).random() < LATE_DEATHS
    if story.today < EARLY and late:
        person.reported_late = True
        late_deaths.append(person)


def _entitle_to_vouchers(story: Story, person: Person, disabled: bool, since: date) -> None:
    areas = story.state(Entitlements).voucher_areas
    if not disabled or "TEKUN" in person.hardships:
        areas.pop(person.number, None)
        vouchers.lapse_after(story, person.number, story.month)
    elif person.number not in areas:
        areas[person.number] = person.area_code
        days = days_between(since, story.today)
        for month in sorted({month_of(day) for day in days}):
            vouchers.issue(story, person.number, month, person.area_code)


def end_all(story: Story, person: Person) -> None:
    """Death or moving out ends everything."""
    person.alive = False
    if person.number in story.world.cash and story.today.day == 1:
        cash.owe_no_cash(story, person.number, story.month)
    story.world.cash.discard(person.number)
    story.state(Entitlements).voucher_areas.pop(person.number, None)
    vouchers.lapse_after(story, person.number)
    story.world.stays.pop(person.number, None)


def issue_all(story: Story) -> None:
    """The vouchers of a new month, and its cash, which is paid later."""
    for number in story.world.cash:
        cash.owe_cash(story, number, story.month)
    for number, area_code in story.state(Entitlements).voucher_areas.items():
        vouchers.issue(story, number, story.month, area_code)


async def refuse_some(story: Story, approved: list[Person]) -> None:
    """Some do not want the money that came without asking."""
    for person in approved:
        if person.number not in story.world.cash or person.reported_late:
            continue
        if story.rng("refuse", person.number).random() < REFUSE:
            await _refuse(story, person)


async def _refuse(story: Story, person: Person) -> None:
    token = story.tokens["hotline"]
    page = await story.gateway.get(token, "/v1/entitlements", elder_id=person.elder_id)
    open_ids = [
        row["entitlement_id"]
        for row in page["rows"]
        if row["policy_code"] == "home-care" and row["state"] == "STATE_OPEN"
    ]
    story.expect("one open home-care entitlement", len(open_ids), 1)
    await story.gateway.post(token, f"/v1/entitlements/{open_ids[0]}:refuse", {})
    story.world.cash.discard(person.number)
    cash.owe_no_cash(story, person.number)
    story.state(Entitlements).unwilling.add(person.number)
    story.tally["refusals"] += 1
