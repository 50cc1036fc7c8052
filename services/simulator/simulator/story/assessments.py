"""From the assessors' visit to a level: results, appeals, approvals, rejections."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator import norms
from simulator.http_client import Json
from simulator.story import decisions, entitlements, stay_charges
from simulator.story.applications import (
    Applications,
    Case,
    withdraw,
)
from simulator.story.story import Story
from simulator.truth.assessments import AssessmentCompleted
from simulator.world.answers import answers
from simulator.world.people import Person

APPEAL = 0.03  # Assumption: share of results
TRIED = 0.1  # Assumption: share of cases in which somebody tries what the rules forbid


@dataclass(frozen=True, slots=True)
class Result:
    """What the platform answers to a completed assessment."""

    assessment_id: str
    public_until: datetime
    working_days: int

    @classmethod
    def read(cls, document: Json) -> "Result":
        """From the platform's answer."""
        return cls(
            document["assessment_id"],
            datetime.fromisoformat(document["public_until"]),
            document["working_days"],
        )


async def assess(story: Story) -> None:
    """Withdrawals, appeals, visits of the assessors that are due, and approvals after publicity."""
    applications = story.state(Applications)
    ready = [case for case in applications.cases if case.person.alive]
    doubted = [case for case in ready if case.appeals and _is_public(story, case)]
    decided = [case for case in ready if _was_public(story, case)]
    rejected = [case for case in decided if decisions.is_rejected(story, case)]
    approved = [case for case in decided if not decisions.is_rejected(story, case)]
    due = [case for case in ready if not case.assessment_id and case.assess_on <= story.today]
    withdrawn = [case for case in due if case.withdraws]
    visited = [case for case in due if not case.withdraws]

    await story.gateway.each(lambda case: decisions.approve(story, case), approved)
    await story.gateway.each(lambda case: decisions.reject(story, case), rejected)
    await story.gateway.each(lambda case: _object(story, case), doubted)
    await story.gateway.each(lambda case: withdraw(story, case), withdrawn)
    await story.gateway.each(lambda case: _complete(story, case), visited)

    closed = {id(case) for case in (*decided, *doubted, *withdrawn)}
    applications.cases = [
        case for case in applications.cases if id(case) not in closed and case.person.alive
    ]
    await _entitle(story, [case.person for case in approved], [case.person for case in withdrawn])


def _is_public(story: Story, case: Case) -> bool:
    return case.public_until is not None and case.public_until > story.now


def _was_public(story: Story, case: Case) -> bool:
    return case.public_until is not None and case.public_until <= story.now


async def _entitle(story: Story, approved: Sequence[Person], withdrawn: Sequence[Person]) -> None:
    """What follows from the levels that are approved, and from those that will not be."""
    if not approved and not withdrawn:
        return
    known = sorted(approved, key=lambda person: person.number)
    await story.gateway.quiet()
    for person in (*known, *withdrawn):
        entitlements.entitle(story, person)
        stay_charges.use_late(story, person)
    await entitlements.refuse_some(story, known)


async def _complete(story: Story, case: Case) -> None:
    rng = story.rng("answers", *case.place)
    points, flags = answers(rng, case.person.level)
    first, *others = (story.tokens[f"assessor {number}"] for number in case.assessors)
    path = f"/v1/applications/{case.application_id}"
    answer = await story.gateway.post(first, f"{path}:complete", {"answers": points, **flags})
    story.expect(f"level of {points}, {flags}", answer["level"], case.person.level)
    signature = {"total_points": answer["total_points"], "level": case.person.level}
    if story.rng("signs twice", *case.place).random() < TRIED:
        await story.expect_refusal(first, f"{path}:sign", signature)
        story.tally["second signatures refused"] += 1
    for other in others:
        answer = await story.gateway.post(other, f"{path}:sign", signature)
    story.expect(f"signatures of {path}", answer["assessors"], len(case.assessors))
    complete(story, case, Result.read(answer))
    case.appeals = rng.random() < APPEAL and decisions.may_be_reviewed(case)


def complete(story: Story, case: Case, result: Result) -> None:
    """A result is there: its dates are those of the calendar, whatever the platform answers."""
    today = story.today
    public_until = norms.public_until(today)
    case.assessment_id = result.assessment_id
    case.public_until = public_until
    case.assessed_on = today
    story.expect(f"end of publicity of {today}", result.public_until, public_until)
    days = norms.working_days(case.applied_on, today)
    story.expect(f"working days from {case.applied_on} to {today}", result.working_days, days)
    in_time = norms.assessed_in_time(case.applied_on, today)
    story.tally["assessed in time" if in_time else "assessed too late"] += 1
    story.record(
        AssessmentCompleted(case.applied_on, today, case.area_code, frozenset(case.assessors))
    )


async def _object(story: Story, case: Case) -> None:
    await decisions.appeal(story, case, asked_on=case.asked_on)
    story.tally["objections during publicity"] += 1
