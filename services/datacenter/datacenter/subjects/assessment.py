"""An assessment: its result, and whether somebody doubted it."""

from typing import Annotated, NamedTuple

from eldercare.assessment.v1 import events_pb2 as assessment_events

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects.declaration import State, Subject, When
from datacenter.subjects.groups import EventFlows, Occurrence
from datacenter.subjects.merges import ever, first


class Completion(NamedTuple):
    """A result in its month."""

    area: str
    month: int
    assessors: int


class Assessment(State):
    """What is known of an assessment."""

    completed: Annotated[Completion | None, first, "its result"] = None
    is_appealed: Annotated[bool, ever, "somebody doubted it"] = False


assessment = Subject("assessment", 2, Assessment)


@assessment.on(assessment_events.AssessmentCompleted, id="assessment_id")
def _completed(event: assessment_events.AssessmentCompleted, _: When, __: Limits) -> Assessment:
    month = months.of_seconds(event.completed_at.seconds)
    return Assessment(completed=Completion(event.area_code, month, event.assessors))


@assessment.on(assessment_events.AssessmentAppealed, id="assessment_id")
def _appealed(_: assessment_events.AssessmentAppealed, __: When, ___: Limits) -> Assessment:
    return Assessment(is_appealed=True)


def _is_paired(assessment: Assessment, limits: Limits) -> bool:
    done = assessment.completed
    return done is not None and done.assessors >= limits.assessors


in_month_completed = assessment.flows(lambda assessment: assessment.completed)
in_month_completed.measure("RESULTS", "completed")
in_month_completed.measure("RESULTS_PAIRED", "signed by enough assessors", _is_paired)
in_month_completed.measure(
    "RESULTS_APPEALED", "appealed at any time", lambda assessment, _: assessment.is_appealed
)

in_month_asked = EventFlows(
    assessment_events.AssessmentCompleted,
    lambda event: Occurrence(event.area_code, months.of_seconds(event.submitted_at.seconds)),
)
in_month_asked.measure(
    "RESULTS_IN_TIME",
    "with a result in time, by the month of the application",
    lambda event, limits: event.working_days <= limits.working_days,
)
