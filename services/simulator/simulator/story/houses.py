"""What happens in houses and firms in the morning: beds are left, places close, workers leave."""

from collections import Counter

from simulator.people import Person
from simulator.providers import Home
from simulator.story.chances import CLOSING_DAYS, DISCHARGED, LEAST_COLLEAGUES, LEAVE, LEAVE_ANYWAY
from simulator.story.state import Story


async def change(story: Story) -> None:
    """A morning's changes, one after the other."""
    dice = story.dice("houses", story.today)
    staying = sorted(story.world.stays)
    for number in dice.sample(staying, story.quota(dice, len(staying), DISCHARGED)):
        await discharge(story, story.by_number[number])
    if story.passed % 7 in CLOSING_DAYS:
        await _close_one(story)
    await _leave_some(story)


async def discharge(story: Story, one: Person) -> None:
    """An elder goes home to the family."""
    office = story.tokens["office"]
    await story.gateway.post(
        office,
        f"/v1/stays/{story.stay_ids[one.number]}:discharge",
        {"ended_on": story.today.isoformat()},
    )
    story.world.stays.pop(one.number)
    one.living = "WITH_FAMILY"
    await story.gateway.post(
        office, f"/v1/elders/{one.elder_id}:change", {"living": "LIVING_WITH_FAMILY"}
    )
    story.events["discharges"] += 1


async def _close_one(story: Story) -> None:
    """A small place closes; as long as somebody stays there it may not."""
    mourning = [
        home
        for home in story.world.homes
        if home.mourned_on and (story.today - home.mourned_on).days < 2
    ]
    able = [
        home
        for home in story.world.homes
        if not home.closed and home.tier != "COUNTY" and home not in mourning
    ]
    if not able:
        return
    home = story.dice("closing", story.today).choice(able)
    path = f"/v1/facilities/{home.facility_id}:close"
    staying = _residents(story, home)
    if staying:
        await story.refused(story.tokens["office"], path, {})
        for one in staying:
            await discharge(story, one)
    await story.gateway.post(story.tokens["office"], path, {})
    home.closed = True
    story.events["closings"] += 1


def _residents(story: Story, home: Home) -> list[Person]:
    return [
        story.by_number[number]
        for number, where in sorted(story.world.stays.items())
        if where is home
    ]


async def _leave_some(story: Story) -> None:
    """Workers who leave; what they had promised is offered to others."""
    dice = story.dice("leaving", story.today)
    pairs = [
        (firm, visitor) for firm in story.firms for visitor in firm.workers if not visitor.left
    ]
    colleagues = Counter(firm.county for firm, _ in pairs)
    many = story.quota(dice, len(pairs), LEAVE + LEAVE_ANYWAY / len(pairs))
    for firm, visitor in sorted(dice.sample(pairs, many), key=lambda pair: pair[1].number):
        if colleagues[firm.county] <= LEAST_COLLEAGUES:
            continue
        colleagues[firm.county] -= 1
        await story.gateway.post(
            story.tokens[f"firm {firm.organisation_id}"],
            f"/v1/workers/{visitor.worker_id}:leave",
            {},
        )
        visitor.left = True
        story.world.visitors = [
            (one, county) for one, county in story.world.visitors if one is not visitor
        ]
        for order in story.open.values():
            if order.visitor is visitor and order.state in ("offered", "accepted"):
                order.state, order.visit = "placed", None
        story.events["workers left"] += 1
