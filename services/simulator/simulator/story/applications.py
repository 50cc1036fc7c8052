"""Applications for an assessment: filed, opened before a level ends, withdrawn, assigned."""

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from simulator import norms
from simulator.story.levels import Levels
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
# of those that are opened before a level ends: share withdrawn, share of which the assessors come
# after that end, and shares of elders who are worse or better by then
ROUTINE_WITHDRAWN = 0.08
ROUTINE_SLOW = 0.2
ROUTINE_SLOW_DAYS = 66
CHANGES = ((0, 0.76), (1, 0.14), (-1, 0.1))
LEVELS = range(5)
PAGE = 500


@dataclass(slots=True)
class Case:
    """An application on its way to a level.

    application_id: empty until the story reads it, where the platform opened it. applied_on: the
    day of the application; assess_on is set when assessors are named. asked_on: of the first of
    the applications that led to it, by appeals. assessed_on: the day of the result. round: 0 for
    the first, 1 for the review after an appeal. doubted: whose results were. routine: opened before
    a level ends. rejected: so was the result, or that before the review; decided_on: then.
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
    asked_on: date = date.max
    routine: bool = False
    rejected: bool = False
    decided_on: date = date.max

    @property
    def place(self) -> tuple[object, ...]:
        """In the story, for its generators."""
        again = (self.asked_on,) if self.routine else ()
        return (self.person.number, self.round, *again)


@dataclass
class Applications:
    """cases: those under way. opened: levels before whose end the platform asked for another one,
    by person and first day without it.
    """

    cases: list[Case] = field(default_factory=list)
    opened: set[tuple[int, date]] = field(default_factory=set)


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
    case = Case(person, application_id, area_code, story.today, date.max)
    case.asked_on = story.today
    return case


def open_routine(story: Story) -> None:
    """The platform asks for another level some time before one ends, where nothing is asked for."""
    for number in sorted(story.world.levels):
        _ask_again(story, story.world.by_number[number])


def expect_again(story: Story, person: Person) -> None:
    """The elder was taken for dead and is not: the platform looks at once for what it asks for
    before the level ends, also where it had asked.
    """
    held = story.world.levels.get(person.number)
    if held is not None:
        story.state(Applications).opened.discard((person.number, held.valid_to))
        _ask_again(story, person)


def _ask_again(story: Story, person: Person) -> None:
    applications, held = story.state(Applications), story.world.levels[person.number]
    level = person.number, held.valid_to
    due = norms.reassess_on(held.valid_to) <= story.today
    if not due or level in applications.opened or _is_applying(applications, person):
        return
    applications.opened.add(level)
    if person.alive:
        _open_routine(story, person)


def _is_applying(applications: Applications, person: Person) -> bool:
    return any(case.person is person for case in applications.cases)


def _open_routine(story: Story, person: Person) -> None:
    case = open_case(story, person, "", person.area_code)
    case.routine = True
    story.state(Applications).cases.append(case)
    story.state(Levels).asked_on[person.number] = story.today
    record_application(story, person.area_code, "PLATFORM")
    rng = story.rng("routine", *case.place)
    case.withdraws = rng.random() < ROUTINE_WITHDRAWN
    case.slow = not case.withdraws and rng.random() < ROUTINE_SLOW
    changes, shares = [change for change, _ in CHANGES], [share for _, share in CHANGES]
    person.level = min(max(person.level + rng.choices(changes, shares)[0], LEVELS[0]), LEVELS[-1])
    story.tally["re-assessments opened"] += 1


async def take_up(story: Story) -> None:
    """Assessors are named for what the platform opened; nothing else waits for them."""
    fresh = {
        case.person.elder_id: case
        for case in story.state(Applications).cases
        if not case.application_id and case.person.alive
    }
    if not fresh:
        return
    found = await _read_submitted(story)
    story.expect("elders whose level ends soon", sorted(found), sorted(fresh))
    for elder_id in sorted(found.keys() & fresh.keys()):
        fresh[elder_id].application_id = found[elder_id]
        await assign(story, fresh[elder_id])


async def _read_submitted(story: Story) -> dict[str, str]:
    """Applications without assessors, by elder."""
    found: dict[str, str] = {}
    after = ""
    while True:
        page = await story.gateway.get(
            story.tokens["office"],
            "/v1/applications",
            limit=PAGE,
            after=after,
            state="STATE_SUBMITTED",
        )
        found |= {row["elder_id"]: row["application_id"] for row in page["rows"]}
        after = page["next"]
        if not after:
            return found


def record_application(story: Story, area_code: str, way: str) -> None:
    """Each application is due, and came by one of the channels."""
    story.record(Applied(story.today, area_code, way))


async def assign(story: Story, case: Case) -> None:
    """Two assessors are named who made none of the results before."""
    rng = story.rng("case", *case.place)
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
    slow_days = ROUTINE_SLOW_DAYS if case.routine else SLOW_DAYS
    case.assess_on = story.today + timedelta(days=slow_days if case.slow else ahead)
    cases = story.state(Applications).cases
    if not any(one is case for one in cases):
        cases.append(case)


async def withdraw(story: Story, case: Case) -> None:
    """The elder does not want an assessment any more."""
    await story.gateway.post(
        story.tokens["hotline"], f"/v1/applications/{case.application_id}:withdraw", {}
    )
    story.record(ApplicationEnded(case.applied_on, case.area_code))
    story.state(Levels).asked_on.pop(case.person.number, None)
    story.tally["withdrawn"] += 1


def record_death(story: Story, person: Person) -> None:
    """Who dies waits for no result any more; one that is public already stays."""
    for case in story.state(Applications).cases:
        if case.person is person and not case.assessment_id:
            story.record(ApplicationEnded(case.applied_on, case.area_code))
