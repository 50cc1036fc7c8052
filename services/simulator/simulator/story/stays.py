"""Beds of facilities: who gets one, and who leaves it."""

from dataclasses import dataclass, field

from simulator.story import stay_charges
from simulator.story.story import Story, quota
from simulator.world.facilities import Facility
from simulator.world.people import Person

DISCHARGED = 0.012  # Assumption: share of the stays that end in a day


@dataclass
class Stays:
    """ids: the platform's, by person."""

    ids: dict[int, str] = field(default_factory=dict)


async def admit_all(story: Story) -> None:
    """Those who live in institutions get their beds."""
    await story.gateway.each(lambda pair: _admit(story, *pair), story.roster.residents)


async def _admit(story: Story, person: Person, facility: Facility) -> None:
    answer = await story.gateway.post(
        story.tokens["office"],
        "/v1/stays",
        {
            "facility_id": facility.facility_id,
            "elder_id": person.elder_id,
            "began_on": story.today.isoformat(),
        },
    )
    story.state(Stays).ids[person.number] = answer["stay_id"]
    story.world.stays[person.number] = facility


async def discharge_some(story: Story) -> None:
    """This morning's discharges, one after the other."""
    rng = story.rng("houses", story.today)
    staying = sorted(story.world.stays)
    for number in rng.sample(staying, quota(rng, len(staying), DISCHARGED)):
        await discharge(story, story.world.by_number[number])


async def discharge(story: Story, person: Person) -> None:
    """An elder goes home to the family."""
    office = story.tokens["office"]
    stay_id = story.state(Stays).ids[person.number]
    ended = {"ended_on": story.today.isoformat()}
    await story.gateway.post(office, f"/v1/stays/{stay_id}:discharge", ended)
    story.world.stays.pop(person.number)
    stay_charges.end_stay(story, person, story.today)
    person.living = "WITH_FAMILY"
    changed = {"living": "LIVING_WITH_FAMILY"}
    await story.gateway.post(office, f"/v1/elders/{person.elder_id}:change", changed)
    story.tally["discharges"] += 1
