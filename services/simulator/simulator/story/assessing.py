"""From an application to a level: applications, withdrawals, assessments, appeals, approvals."""

import math
from datetime import datetime, timedelta
from typing import Any

from simulator import norms
from simulator.people import Person
from simulator.story import entitling
from simulator.story.chances import (
    APPEAL,
    APPLICANTS,
    DAYS_AHEAD,
    EARLY_APPLICANTS,
    SLOW,
    SLOW_DAYS,
    WITHDRAWN,
)
from simulator.story.state import Case, Story, channel
from simulator.truth import month_of
from simulator.visits import answers

WAYS = ("PORTAL", "HOTLINE", "MOBILE", "TERMINAL")
MOST_REVIEWS = (
    2  # each needs two assessors who made none of the results before, and a small city has six
)


async def apply(story: Story, days: int) -> None:
    """Today's applications: most in the first third of the story."""
    first = max(1, days // 3)
    share = (
        EARLY_APPLICANTS / first
        if story.passed < first
        else (1 - EARLY_APPLICANTS) / max(1, days - first)
    )
    count = math.ceil(story.elders * APPLICANTS * share)
    chosen, story.applicants = (
        [one for one in story.applicants[:count] if one.alive],
        story.applicants[count:],
    )

    async def ask(one: Person) -> None:
        dice = story.dice("application", one.number)
        way = channel(dice)
        told = await story.gateway.post(
            story.tokens["hotline"],
            "/v1/applications",
            {
                "elder_id": one.elder_id,
                "reason": "ASSESSMENT_REASON_FIRST",
                "channel": f"CHANNEL_{way}",
            },
        )
        count_application(story, one.area_code, way)
        withdraws, slow = (
            dice.random() < WITHDRAWN,
            dice.random() < SLOW or (not story.passed and one is chosen[0]),
        )
        await _assign(
            story,
            Case(
                one,
                told["application_id"],
                one.area_code,
                story.today,
                story.today,
                withdraws=withdraws and not slow,
                slow=slow,
            ),
        )

    await story.gateway.each(ask, chosen)


def count_application(story: Story, area_code: str, way: str) -> None:
    """Each application is due, and came by one of the four ways."""
    story.truth.count("AS04", story.month, area_code, 0, 1)
    story.truth.count("DC02", story.month, area_code, int(way in ("PORTAL", "MOBILE")), 1)
    for one in WAYS:
        story.truth.count(f"DC02_{one}", story.month, area_code, int(one == way), 1)


def bury(story: Story, person: Person) -> None:
    """Who dies waits for no result any more; one that is public already stays."""
    for case in story.cases:
        if case.person is person and not case.assessment_id:
            story.truth.count("AS04", month_of(case.applied_on), case.area_code, 0, -1)


async def _assign(story: Story, case: Case) -> None:
    dice = story.dice("case", case.person.number, case.round)
    first, second = dice.sample(
        [at for at in range(len(story.assessor_ids)) if at not in case.doubted], 2
    )
    await story.gateway.post(
        story.tokens["office"],
        f"/v1/applications/{case.application_id}:assign",
        {"assessor_ids": [story.assessor_ids[first], story.assessor_ids[second]]},
    )
    ahead = dice.choice(DAYS_AHEAD)
    case.assessors, case.assess_on = (
        (first, second),
        story.today + timedelta(days=SLOW_DAYS if case.slow else ahead),
    )
    story.cases.append(case)


async def assess(story: Story) -> None:
    """Withdrawals, appeals, visits of the assessors that are due, and approvals after publicity."""
    ready = [case for case in story.cases if case.person.alive]
    doubted = [
        case
        for case in ready
        if case.appeals and case.public_until and case.public_until > story.now
    ]
    approved = [case for case in ready if case.public_until and case.public_until <= story.now]
    due = [case for case in ready if not case.assessment_id and case.assess_on <= story.today]

    async def withdraw(case: Case) -> None:
        await story.gateway.post(
            story.tokens["hotline"], f"/v1/applications/{case.application_id}:withdraw", {}
        )
        story.truth.count("AS04", month_of(case.applied_on), case.area_code, 0, -1)
        story.events["withdrawn"] += 1

    async def visit(case: Case) -> None:
        await _complete(story, case)

    async def appeal(case: Case) -> None:
        await _appeal(story, case)

    async def approve(case: Case) -> None:
        await story.gateway.post(
            story.tokens["office"], f"/v1/assessments/{case.assessment_id}:approve", {}
        )
        story.world.levels[case.person.number] = case.person.level

    await story.gateway.each(approve, approved)
    await story.gateway.each(appeal, doubted)
    withdrawn = [case for case in due if case.withdraws]
    await story.gateway.each(withdraw, withdrawn)
    await story.gateway.each(visit, [case for case in due if not case.withdraws])
    gone = {id(case) for case in (*approved, *doubted, *withdrawn)}
    story.cases = [case for case in story.cases if id(case) not in gone and case.person.alive]
    if approved:
        people = sorted((case.person for case in approved), key=lambda one: one.number)
        await story.gateway.quiet()
        for one in people:
            entitling.entitle(story, one)
        await entitling.refuse_some(story, people)


async def _complete(story: Story, case: Case) -> None:
    dice = story.dice("answers", case.person.number, case.round)
    points, flags = answers(dice, case.person.level)
    told = await story.gateway.post(
        story.tokens[f"assessor {case.assessors[0]}"],
        f"/v1/applications/{case.application_id}:complete",
        {"answers": points, **flags},
    )
    story.expect(f"level of {points}, {flags}", told["level"], case.person.level)
    complete(story, case, told)
    case.appeals = dice.random() < APPEAL and case.round < MOST_REVIEWS


def complete(story: Story, case: Case, told: dict[str, Any]) -> None:
    """A result is there: its dates are those of the calendar, whatever the platform tells of them."""
    case.assessment_id, case.public_until, case.completed_month = (
        told["assessment_id"],
        norms.public_until(story.today),
        story.month,
    )
    story.expect(
        f"end of publicity of {story.today}",
        datetime.fromisoformat(told["public_until"]),
        case.public_until,
    )
    days = norms.working_days(case.applied_on, story.today)
    story.expect(
        f"working days from {case.applied_on} to {story.today}", told["working_days"], days
    )
    in_time = norms.assessed_in_time(case.applied_on, story.today)
    story.events["assessed in time" if in_time else "assessed too late"] += 1
    story.truth.count("AS04", month_of(case.applied_on), case.area_code, int(in_time), 0)
    story.truth.count("AS06", case.completed_month, case.area_code, 0, 1)
    signed = len(set(case.assessors)) >= norms.known("procedure.assessors", story.today)
    story.truth.count("AS07", case.completed_month, case.area_code, int(signed), 1)


async def _appeal(story: Story, case: Case) -> None:
    told = await story.gateway.post(
        story.tokens["hotline"],
        f"/v1/assessments/{case.assessment_id}:appeal",
        {"channel": "CHANNEL_HOTLINE"},
    )
    story.truth.count("AS06", case.completed_month, case.area_code, 1, 0)
    count_application(
        story, case.area_code, "HOTLINE"
    )  # the review is an application too, by telephone
    story.events["appeals"] += 1
    await _assign(
        story,
        Case(
            case.person,
            told["review_application_id"],
            case.area_code,
            story.today,
            story.today,
            doubted=(*case.doubted, *case.assessors),
            round=case.round + 1,
        ),
    )
