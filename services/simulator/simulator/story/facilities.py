"""Facilities enter the platform, and close."""

from simulator.story.stays import discharge
from simulator.story.story import Story
from simulator.world.facilities import Facility
from simulator.world.people import Person

CLOSING_DAYS = (2, 5)  # Assumption: days of a week of the story on which a facility closes
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
