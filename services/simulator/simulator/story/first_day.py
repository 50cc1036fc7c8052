"""The first day: organisations, facilities, workers and the whole population enter the platform."""

from collections import defaultdict

from simulator.story import (
    elder_files,
    facilities,
    identities,
    orders,
    organisations,
    stay_charges,
    stays,
    workers,
)
from simulator.story.elder_files import Progress
from simulator.story.story import Story
from simulator.world.facilities import Facility
from simulator.world.firms import Firm
from simulator.world.geography import COUNTIES


async def register_providers(story: Story, progress: Progress) -> None:
    """Organisations, facilities and workers, by the city's civil affairs office.

    Those of one county come one after the other, so that their ids are in the story's order:
    planners look at workers in that order. progress: called with 1 for each of them.
    """
    await story.gateway.clock(story.now.isoformat())
    await identities.add_officials(story)
    firms = _firms_by_county(story.roster.firms)
    operators = _firms_by_county(story.roster.operators)
    houses: defaultdict[str, list[Facility]] = defaultdict(list)
    for facility in story.world.facilities:
        houses[facility.firm.county].append(facility)

    async def register(county: str) -> None:
        for firm in (*firms[county], *operators[county]):
            await organisations.register(story, firm)
            progress(1)
        for facility in houses[county]:
            await facilities.register(story, facility)
            progress(1)
        for firm in (*firms[county], *operators[county]):
            await _register_workers(story, firm, progress)

    await story.gateway.each(register, COUNTIES)
    await identities.add_firms(story)
    await orders.read_catalogue(story)


async def register_elders(story: Story, progress: Progress) -> None:
    """The population, and the beds of those who live in institutions. progress: with rows."""
    await elder_files.register_all(story, progress)
    await story.gateway.quiet()
    await stays.admit_all(story)
    await stay_charges.declare_all(story)


async def _register_workers(story: Story, firm: Firm, progress: Progress) -> None:
    for worker in firm.workers:
        await workers.register(story, firm, worker)
        progress(1)


def _firms_by_county(firms: list[Firm]) -> defaultdict[str, list[Firm]]:
    by_county: defaultdict[str, list[Firm]] = defaultdict(list)
    for firm in firms:
        by_county[firm.county].append(firm)
    return by_county
