"""What is told of applications and their results."""

from datetime import datetime, timedelta

from eldercare.assessment.v1 import events_pb2 as assessment

from datacenter.testing.entitlements import an_elder_is_entitled, an_elder_is_honoured
from datacenter.testing.story import Fields, Story, made
from kit.contracts.clock import local_day
from kit.contracts.wire import timestamp

DEPENDENT = 2  # least level of it
MOVES = "01"  # last digits of the ids of applications whose elder moves meanwhile
OLDEST = "1946"  # who was born before is given the old-age allowance


def an_elder_is_assessed(story: Story, elder: assessment.Elder, at: datetime) -> None:
    """Applies, and then withdraws, doubts the result, or is given what it entitles to."""
    application, result = story.new_id(), story.new_id()
    level = story.chance.randrange(5)
    of: dict[str, object] = {"elder_id": elder.elder_id, "area_code": elder.area_code}
    same: dict[str, object] = {"application_id": application, **of}
    due_on = str(local_day(at + timedelta(days=21)))
    submitted = {
        "channel": story.chance.randrange(1, 6),
        "submitted_at": timestamp(at),
        "due_on": due_on,
    }
    story.say(made(assessment.ApplicationSubmitted, same, submitted, reason=1), at)
    if application[-1] in MOVES:
        of["area_code"] = same["area_code"] = story.places[0]
        story.say(made(assessment.ApplicationMoved, same, moved_at=timestamp(at)), at)
    if story.happens(0.1):
        gone = story.later(at, 20)
        withdrawn = made(assessment.ApplicationWithdrawn, same, withdrawn_at=timestamp(gone))
        story.say(withdrawn, gone)
        return
    done = _completed(story, {**same, "assessment_id": result, "level": level}, at)
    of = {**of, "assessment_id": result}
    if story.happens(0.15):
        _appealed(story, of, done)
    else:
        _approved(story, of, elder, level, done + timedelta(days=7))


def _completed(story: Story, same: Fields, at: datetime) -> datetime:
    done = story.later(at, 20)
    assigned = made(
        assessment.AssessorsAssigned,
        {name: same[name] for name in ("application_id", "elder_id", "area_code")},
        assessor_ids=[story.new_id(), story.new_id()],
        assigned_at=timestamp(at),
    )
    completed = made(
        assessment.AssessmentCompleted,
        same,
        scale="GBT42195-2022",
        self_care_points=10,
        motor_points=10,
        mental_points=10,
        social_points=10,
        total_points=40,
        preliminary_level=same["level"],
        assessors=story.chance.randrange(1, 4),
        submitted_at=timestamp(at),
        completed_at=timestamp(done),
        working_days=story.chance.randrange(20),
        public_until=timestamp(done + timedelta(days=7)),
    )
    story.say(assigned, at)
    story.say(completed, done)
    return done


def _appealed(story: Story, same: Fields, done: datetime) -> None:
    review = {"review_application_id": story.new_id(), "appealed_at": timestamp(done)}
    story.say(made(assessment.AssessmentAppealed, same, review), done)


def _approved(
    story: Story, same: Fields, elder: assessment.Elder, level: int, approved: datetime
) -> None:
    until = approved + timedelta(days=story.chance.choice((40, 365)))
    result = made(
        assessment.AssessmentApproved,
        same,
        level=level,
        valid_from=str(local_day(approved)),
        valid_to=str(local_day(until)),
        approved_at=timestamp(approved),
    )
    story.say(result, approved)
    if level >= DEPENDENT:
        an_elder_is_entitled(story, elder, level, story.later(approved, 1))
    if elder.born_on < OLDEST:
        an_elder_is_honoured(story, elder, approved)
    if story.happens(0.3):
        an_elder_is_assessed(story, elder, story.later(approved, 60))
