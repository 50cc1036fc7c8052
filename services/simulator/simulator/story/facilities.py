"""Facilities enter the platform, grow, are suspended, and close."""

from datetime import date, timedelta

from simulator.http_client import Json
from simulator.story import organisations
from simulator.story.stays import discharge
from simulator.story.story import Story
from simulator.world.facilities import Facility
from simulator.world.people import Person

CLOSING_DAYS = (2, 5)  # Assumption: days of a week of the story on which a facility closes
GROWING_DAY = 3  # Assumption: the same, on which one grows at once and one on the next day
MORE_BEDS = 2
MOURNING_DAYS = 2  # after a resident's death was reported, in which a facility does not close


async def register(story: Story, facility: Facility) -> None:
    """By the city's civil affairs office."""
    answer = await story.gateway.post(
        story.tokens["office"],
        "/v1/facilities",
        {
            "organisation_id": facility.firm.organisation_id,
            "area_code": facility.area_code,
            "name": facility.name,
            "tier": f"TIER_{facility.tier}",
            "operation": f"OPERATION_{facility.operation}",
            "beds": facility.beds,
            "nursing_beds": facility.nursing_beds,
        },
    )
    facility.facility_id = answer["facility"]["facility_id"]


async def change_some(story: Story) -> None:
    """What was agreed for today holds; some facilities get beds, and one is suspended for a day."""
    for facility in story.world.open_facilities():
        if facility.grows_on == story.today:
            facility.grow(MORE_BEDS)
            facility.grows_on = None
    able = [one for one in story.world.open_facilities() if one.beds]
    if story.days_passed % 7 != GROWING_DAY or not able:
        return
    rng = story.rng("growing", story.today)
    at_once, tomorrow = rng.choice(able), rng.choice(able)
    await _agree_beds(story, at_once, story.today)
    at_once.grow(MORE_BEDS)
    await _agree_beds(story, tomorrow, story.today + timedelta(days=1))
    tomorrow.grows_on = story.today + timedelta(days=1)
    await _suspend_for_a_day(story, rng.choice(able))


async def _agree_beds(story: Story, facility: Facility, first: date) -> None:
    body: Json = {
        "beds": facility.beds + MORE_BEDS,
        "nursing_beds": facility.nursing_beds + MORE_BEDS // 2,
        "valid_from": first.isoformat(),
    }
    path = f"/v1/facilities/{facility.facility_id}:change"
    await story.gateway.post(story.tokens["office"], path, body)
    story.tally["capacities changed"] += 1


async def _suspend_for_a_day(story: Story, facility: Facility) -> None:
    """It admits nobody today."""
    days = {
        "suspended_from": story.today.isoformat(),
        "suspended_to": (story.today + timedelta(days=1)).isoformat(),
    }
    path = f"/v1/facilities/{facility.facility_id}:suspend"
    await story.gateway.post(story.tokens["office"], path, days | {"reason": "消防检查"})
    person = next(
        (one for one in story.world.living() if one.number not in story.world.stays), None
    )
    if person is not None:
        admit = {
            "facility_id": facility.facility_id,
            "elder_id": person.elder_id,
            "began_on": story.today.isoformat(),
        }
        await story.expect_refusal(story.tokens["office"], "/v1/stays", admit)
    story.tally["facilities suspended"] += 1


async def close_some(story: Story) -> None:
    """On some days a small facility closes; as long as somebody stays there it may not."""
    if story.days_passed % 7 not in CLOSING_DAYS:
        return
    able = [one for one in story.world.open_facilities() if _may_close(story, one)]
    if not able:
        return
    facility = story.rng("closing", story.today).choice(able)
    path = f"/v1/facilities/{facility.facility_id}:close"
    staying = _residents(story, facility)
    if staying:
        await story.expect_refusal(story.tokens["office"], path, {})
        for person in staying:
            await discharge(story, person)
    await story.gateway.post(story.tokens["office"], path, {})
    facility.closed = True
    story.tally["closings"] += 1
    if not any(one.firm is facility.firm for one in story.world.open_facilities()):
        await organisations.close(story, facility.firm)


def _may_close(story: Story, facility: Facility) -> bool:
    mourned_on = facility.mourned_on
    mourning = mourned_on is not None and (story.today - mourned_on).days < MOURNING_DAYS
    return facility.tier != "COUNTY" and not mourning


def _residents(story: Story, facility: Facility) -> list[Person]:
    return [
        story.world.by_number[number]
        for number, where in sorted(story.world.stays.items(), key=lambda stay: stay[0])
        if where is facility
    ]
