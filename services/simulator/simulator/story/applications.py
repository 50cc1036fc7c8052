"""Applications for an assessment: filed, withdrawn, given to assessors."""

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from simulator.story.story import Story
from simulator.truth.applications import ApplicationEnded, Applied
from simulator.world.channels import channel
from simulator.world.city import APPLICANTS
from simulator.world.people import Person

# Assumption: all rates
EARLY_SHARE = 0.8  # of the applications, in the first third of the days
WITHDRAWN = 0.03
# of applications, and the very first one; days until the assessors come, which may be too late
SLOW = 0.02
SLOW_DAYS = 24
DAYS_AHEAD = (1, 1, 2, 3)  # until the assessors come
ASSESSORS = 2


@dataclass(slots=True)
class Case:
    """An application on its way to a level.

    applied_on: the day of the application; assess_on begins there, and is set when assessors are
    named. assessed_on: the day of the result. round: 0 for the first, 1 for the review after an
    appeal. doubted: whose results were.
    """

    person: Person
    application_id: str
    area_code: str
    applied_on: date
    assess_on: date
    assessors: tuple[int, ...] = ()
    doubted: tuple[int, ...] = ()
    round: int = 0
    withdraws: bool = False
    assessment_id: str = ""
    public_until: datetime | None = None
    appeals: bool = False
    slow: bool = False
    assessed_on: date = date.max


@dataclass
class Applications:
    """cases: those under way."""

    cases: list[Case] = field(default_factory=list)


async def apply(story: Story, days: int) -> None:
    """Today's applications: most in the first third of the story. days: of the whole story."""
    count = _count_today(story, days)
    waiting = story.roster.applicants
    chosen = [person for person in waiting[:count] if person.alive]
    del waiting[:count]
    always_slow = chosen[0] if chosen and not story.days_passed else None
    await story.gateway.each(
        lambda person: _file(story, person, always_slow=person is always_slow), chosen
    )


def _count_today(story: Story, days: int) -> int:
    early_days = max(1, days // 3)
    late_days = max(1, days - early_days)
    early = story.days_passed < early_days
    share = EARLY_SHARE / early_days if early else (1 - EARLY_SHARE) / late_days
    return math.ceil(story.roster.elders * APPLICANTS * share)


async def _file(story: Story, person: Person, *, always_slow: bool) -> None:
    rng = story.rng("application", person.number)
    way = channel(rng)
    answer = await story.gateway.post(
        story.tokens["hotline"],
        "/v1/applications",
        {
            "elder_id": person.elder_id,
            "reason": "ASSESSMENT_REASON_FIRST",
            "channel": f"CHANNEL_{way}",
        },
    )
    record_application(story, person.area_code, way)
    withdraws = rng.random() < WITHDRAWN
    slow = rng.random() < SLOW or always_slow
    case = open_case(story, person, answer["application_id"], person.area_code)
    case.withdraws = withdraws and not slow
    case.slow = slow
    await assign(story, case)


def open_case(story: Story, person: Person, application_id: str, area_code: str) -> Case:
    """A case of today."""
    return Case(person, application_id, area_code, story.today, story.today)


def record_application(story: Story, area_code: str, way: str) -> None:
    """Each application is due, and came by one of the channels."""
    story.record(Applied(story.today, area_code, way))


async def assign(story: Story, case: Case) -> None:
    """Two assessors are named who made none of the results before."""
    rng = story.rng("case", case.person.number, case.round)
    ids = story.roster.assessor_ids
    able = [at for at in range(len(ids)) if at not in case.doubted]
    chosen = rng.sample(able, ASSESSORS)
    await story.gateway.post(
        story.tokens["assigner"],
        f"/v1/applications/{case.application_id}:assign",
        {"assessor_ids": [ids[at] for at in chosen]},
    )
    ahead = rng.choice(DAYS_AHEAD)
    case.assessors = tuple(chosen)
    case.assess_on = story.today + timedelta(days=SLOW_DAYS if case.slow else ahead)
    story.state(Applications).cases.append(case)


async def withdraw(story: Story, case: Case) -> None:
    """The elder does not want an assessment any more."""
    await story.gateway.post(
        story.tokens["hotline"], f"/v1/applications/{case.application_id}:withdraw", {}
    )
    story.record(ApplicationEnded(case.applied_on, case.area_code))
    story.tally["withdrawn"] += 1


def record_death(story: Story, person: Person) -> None:
    """Who dies waits for no result any more; one that is public already stays."""
    for case in story.state(Applications).cases:
        if case.person is person and not case.assessment_id:
            story.record(ApplicationEnded(case.applied_on, case.area_code))
