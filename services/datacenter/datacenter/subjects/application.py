"""An application for an assessment, and by which way it came."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, NamedTuple

from eldercare.assessment.v1 import events_pb2 as assessment

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects.declaration import State, Subject, When
from datacenter.subjects.groups import EventFlows, Occurrence
from datacenter.subjects.merges import ever, first, least, newest

ONLINE = frozenset((assessment.CHANNEL_PORTAL, assessment.CHANNEL_MOBILE))
# what the platform asks for itself came by none of the ways
WAYS = ONLINE | {assessment.CHANNEL_HOTLINE, assessment.CHANNEL_TERMINAL}


class Handling(NamedTuple):
    """The office of another place took it on."""

    month: int
    sequence: int
    area: str


class Application(State):
    """What is known of an application."""

    submitted: Annotated[Occurrence | None, first, "area and month of its submission"] = None
    areas: Annotated[Sequence[Handling], newest, "where the elder has moved meanwhile"] = ()
    due_on: Annotated[int | None, least, "last day of a result in time"] = None
    is_completed: Annotated[bool, ever, "it has a result"] = False
    is_withdrawn: Annotated[
        bool, ever, "withdrawn, or ended by a death or a move before there was a result"
    ] = False


application = Subject("application", 9, Application)


def _submission(event: assessment.ApplicationSubmitted) -> Occurrence:
    return Occurrence(event.area_code, months.of_seconds(event.submitted_at.seconds))


@application.on(assessment.ApplicationSubmitted, id="application_id")
def _submitted(event: assessment.ApplicationSubmitted, _: When, __: Limits) -> Application:
    # events of releases before tell no term: what they tell of is due
    due_on = date.fromisoformat(event.due_on).toordinal() if event.due_on else None
    return Application(submitted=_submission(event), due_on=due_on)


@application.on(assessment.AssessmentCompleted, id="application_id")
def _completed(_: assessment.AssessmentCompleted, __: When, ___: Limits) -> Application:
    return Application(is_completed=True)


@application.on(assessment.ApplicationWithdrawn, id="application_id")
def _withdrawn(_: assessment.ApplicationWithdrawn, __: When, ___: Limits) -> Application:
    return Application(is_withdrawn=True)


@application.on(assessment.ApplicationMoved, id="application_id")
def _moved(event: assessment.ApplicationMoved, when: When, _: Limits) -> Application:
    return Application(areas=(Handling(when.month, when.sequence, event.area_code),))


def _handled(application: Application) -> Occurrence | None:
    """In the month of its submission, where the result is to come from."""
    submitted = application.submitted
    if submitted is None or not application.areas:
        return submitted
    return submitted._replace(area=application.areas[-1].area)


in_month_submitted = application.flows(_handled)
APPLICATIONS_VALID = in_month_submitted.measure(
    "APPLICATIONS_VALID",
    "not withdrawn, once completed or due",
    lambda application, _: not application.is_withdrawn,
)


@in_month_submitted.due(APPLICATIONS_VALID)
def _due_on(application: Application) -> int | None:
    """The last day in time of an application without a result."""
    return None if application.is_completed else application.due_on


submissions = EventFlows(assessment.ApplicationSubmitted, _submission)
submissions.dimension(
    "channel",
    lambda event: event.channel,
    PORTAL=assessment.CHANNEL_PORTAL,
    HOTLINE=assessment.CHANNEL_HOTLINE,
    MOBILE=assessment.CHANNEL_MOBILE,
    TERMINAL=assessment.CHANNEL_TERMINAL,
)
submissions.measure("APPLICATIONS", "submitted by people", lambda event, _: event.channel in WAYS)
submissions.measure(
    "APPLICATIONS_ONLINE",
    "submitted by portal or mobile page",
    lambda event, _: event.channel in ONLINE,
)
