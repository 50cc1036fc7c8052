"""What elders are entitled to, by the published policies; and those who do not want it."""

from dataclasses import dataclass, field
from datetime import date

from simulator.story import cash, grounds, levels, vouchers
from simulator.story.cash import Cashes
from simulator.story.levels import Levels
from simulator.story.story import Story
from simulator.world.people import Person

EARLY = date(2026, 1, 31)  # before it, somebody's death can still be reported after a payment
# Assumption: of those who get cash early, and the first of them: reported after a month was paid
# that they did not live in
LATE_DEATHS = 0.15
REFUSE = 0.12  # Assumption: share of those who get cash without asking


@dataclass
class Entitlements:
    """voucher_areas: persons with an open voucher entitlement → area. late_deaths: whose death will
    be reported late.
    """

    voucher_areas: dict[int, str] = field(default_factory=dict)
    late_deaths: list[Person] = field(default_factory=list)


def entitle(story: Story, person: Person) -> None:
    """What follows from level and hardship; what a level gives for the time before it was known is
    given now.
    """
    if not person.alive:
        return
    _entitle_to_cash(story, person)
    areas = story.state(Entitlements).voucher_areas
    if grounds.voucher_holds(story, person, story.today):
        areas.setdefault(person.number, person.area_code)
    else:
        areas.pop(person.number, None)
    vouchers.bring_in_line(story, person)


def _entitle_to_cash(story: Story, person: Person) -> None:
    cashes, world = story.state(Cashes), story.world
    if person.number in cashes.unwilling:
        return
    if person.number not in world.cash:
        cashes.known_on[person.number] = story.today
    if grounds.cash_holds(story, person, story.today):
        world.cash.add(person.number)
        if not person.entitled_once:
            person.entitled_once = True
            _decide_death(story, person)
    elif not levels.rests(story, person):
        world.cash.discard(person.number)
    cash.bring_in_line(story, person)


def _decide_death(story: Story, person: Person) -> None:
    """Some of those who get cash early will die without a report in time; the first one does."""
    late_deaths = story.state(Entitlements).late_deaths
    late = not late_deaths or story.rng("late death", person.number).random() < LATE_DEATHS
    if story.today < EARLY and late:
        person.reported_late = True
        late_deaths.append(person)


def end_all(story: Story, person: Person) -> None:
    """Death or moving out ends everything."""
    person.alive = False
    story.world.cash.discard(person.number)
    story.state(Entitlements).voucher_areas.pop(person.number, None)
    story.state(Levels).asked_on.pop(person.number, None)
    vouchers.lapse_all(story, person)
    story.world.stays.pop(person.number, None)


def end_levels(story: Story) -> None:
    """What rested on levels that ended today rests, or ends."""
    for person in levels.end_some(story):
        entitle(story, person)


def issue_all(story: Story) -> None:
    """The vouchers of a new month."""
    for number, approved in story.state(Levels).by_person.items():
        person = story.world.by_number[number]
        if approved and person.alive:
            vouchers.give(story, person, story.month)


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
    story.state(Cashes).unwilling.add(person.number)
    story.tally["refusals"] += 1
