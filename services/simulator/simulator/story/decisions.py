"""What the office decides about results after publicity, and appeals against that."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from simulator import norms
from simulator.story import levels
from simulator.story.applications import (
    Applications,
    Case,
    assign,
    open_case,
    record_application,
)
from simulator.story.levels import Approved, Levels
from simulator.story.story import Story
from simulator.truth.assessments import Appealed
from simulator.world.days import month_of

TRIED = 0.1  # Assumption: share of cases in which somebody tries what the rules forbid
# Assumption: shares of first results that are rejected, of rejections after a review
REJECTED, UPHELD = 0.05, 0.4
# Assumption: shares of approvals and of rejections that are appealed, days until the appeal, share
# of the others in which somebody comes too late
APPEAL_APPROVED, APPEAL_REJECTED = 0.04, 0.6
DAYS_TO_APPEAL = (1, 15, 45)
COME_TOO_LATE = 0.3
# each needs two assessors who made none of the results before, and a small city has six
MOST_REVIEWS = 2


@dataclass
class Decisions:
    """appeals: decided cases and the day on which the elder appeals."""

    appeals: list[tuple[date, Case]] = field(default_factory=list)


def may_be_reviewed(case: Case) -> bool:
    """Whether there are assessors for another review."""
    return case.round < MOST_REVIEWS


def is_rejected(story: Story, case: Case) -> bool:
    """Whether the office does not put a result in force; only of elders who never had a level."""
    if story.state(Levels).by_person[case.person.number] or case.routine:
        return False
    rate = UPHELD if case.rejected else 0 if case.round else REJECTED
    return story.rng("verdict", *case.place).random() < rate


async def approve(story: Story, case: Case) -> None:
    """The level is in force, from the day of the assessment on."""
    path = f"/v1/assessments/{case.assessment_id}:approve"
    if story.rng("second duty", *case.place).random() < TRIED:
        await story.expect_refusal(story.tokens["assigner"], path, {}, status=403)
        story.tally["second duties refused"] += 1
    answer = await story.gateway.post(story.tokens["approver"], path, {})
    valid = date.fromisoformat(answer["valid_from"]), date.fromisoformat(answer["valid_to"])
    wanted = case.assessed_on, norms.valid_to(case.assessed_on)
    story.expect(f"validity of a result of {case.assessed_on}", valid, wanted)
    level = case.person.level
    levels.approve(story, case.person, Approved(level, case.asked_on, *wanted, story.today))
    story.tally["re-assessments approved" if case.routine else "results approved"] += 1
    story.tally["appeals granted"] += case.rejected
    _decide_appeal(story, case, APPEAL_APPROVED)


async def reject(story: Story, case: Case) -> None:
    """No level comes of the result; the elder is told why."""
    path = f"/v1/assessments/{case.assessment_id}:reject"
    grounds = {"grounds": "评估记录与病历不符 the record contradicts the medical file"}
    await story.gateway.post(story.tokens["approver"], path, grounds)
    story.tally["rejections upheld" if case.rejected else "results rejected"] += 1
    case.rejected, case.decided_on = True, story.today
    _decide_appeal(story, case, APPEAL_REJECTED)


def _decide_appeal(story: Story, case: Case, share: float) -> None:
    rng = story.rng("appeals", *case.place)
    days = rng.choice(DAYS_TO_APPEAL)
    if rng.random() >= share:
        if rng.random() >= COME_TOO_LATE:
            return
        days = norms.whole("procedure.appeal_days", story.today) + 1
    if may_be_reviewed(case):
        appeals = story.state(Decisions).appeals
        appeals.append((story.today + timedelta(days=days), case))


async def appeal_some(story: Story) -> None:
    """Elders who appeal against a decision, in time or not, while nothing else is asked for."""
    decisions = story.state(Decisions)
    due = [one for one in decisions.appeals if one[0] <= story.today]
    decisions.appeals = [one for one in decisions.appeals if one[0] > story.today]
    busy = {case.person.number for case in story.state(Applications).cases}
    able = [case for _, case in due if case.person.alive and case.person.number not in busy]
    for case in able:
        await _appeal(story, case)


async def _appeal(story: Story, case: Case) -> None:
    approvals = story.state(Levels).by_person[case.person.number]
    if approvals and approvals[-1].valid_from != case.assessed_on:
        return  # another level has taken its place
    decided_on = approvals[-1].approved_on if approvals else case.decided_on
    term = timedelta(days=norms.whole("procedure.appeal_days", decided_on))
    if story.today > decided_on + term:
        path = f"/v1/assessments/{case.assessment_id}:appeal"
        await story.expect_refusal(story.tokens["hotline"], path, {"channel": "CHANNEL_HOTLINE"})
        story.tally["appeals that came too late"] += 1
        return
    await appeal(story, case, asked_on=story.today)
    story.tally["appeals against approvals" if approvals else "appeals against rejections"] += 1


async def appeal(story: Story, case: Case, *, asked_on: date) -> None:
    """Others assess again. asked_on: since when the elder waits for that level."""
    answer = await story.gateway.post(
        story.tokens["hotline"],
        f"/v1/assessments/{case.assessment_id}:appeal",
        {"channel": "CHANNEL_HOTLINE"},
    )
    story.record(Appealed(month_of(case.assessed_on), case.area_code))
    # the review is an application too, by telephone
    record_application(story, case.area_code, "HOTLINE")
    story.tally["appeals"] += 1
    review = open_case(story, case.person, answer["review_application_id"], case.area_code)
    review.doubted = (*case.doubted, *case.assessors)
    review.round = case.round + 1
    review.asked_on, review.rejected = asked_on, case.rejected
    review.routine = case.routine
    story.state(Levels).asked_on[case.person.number] = asked_on
    await assign(story, review)
