"""A complaint, and whether it was closed in time."""

from typing import Annotated

from eldercare.supervision.v1 import events_pb2 as supervision

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects.declaration import State, Subject, When
from datacenter.subjects.groups import Occurrence
from datacenter.subjects.merges import ever, first, least


class Complaint(State):
    """What is known of a complaint."""

    filed: Annotated[Occurrence | None, first, "area and month of its filing"] = None
    due_on: Annotated[int | None, least, "day of its due instant"] = None
    is_closed: Annotated[bool, ever, "somebody has decided about it"] = False
    is_closed_in_time: Annotated[bool, ever, "closed by its due instant"] = False


complaint = Subject("complaint", 5, Complaint)


@complaint.on(supervision.ComplaintFiled, id="complaint_id")
def _filed(event: supervision.ComplaintFiled, _: When, __: Limits) -> Complaint:
    filed = Occurrence(event.area_code, months.of_seconds(event.filed_at.seconds))
    return Complaint(filed=filed, due_on=months.day_of_seconds(event.due_at.seconds))


@complaint.on(supervision.ComplaintClosed, id="complaint_id")
def _closed(event: supervision.ComplaintClosed, _: When, __: Limits) -> Complaint:
    return Complaint(is_closed=True, is_closed_in_time=event.in_time)


in_month_filed = complaint.flows(lambda complaint: complaint.filed)
COMPLAINTS = in_month_filed.measure("COMPLAINTS", "filed, once closed or due")
in_month_filed.measure(
    "COMPLAINTS_IN_TIME", "closed in time", lambda complaint, _: complaint.is_closed_in_time
)


@in_month_filed.due(COMPLAINTS)
def _due_on(complaint: Complaint) -> int | None:
    """The day on which one that is not closed is due."""
    return None if complaint.is_closed else complaint.due_on
