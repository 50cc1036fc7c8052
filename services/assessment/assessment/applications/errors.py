"""What is refused about applications, and why."""

from kit.contracts.refusals import Conflict, Denied, Refusal


class ApplicationOpen(Conflict):
    """The elder has an application that is not finished."""

    field = "elder_id"
    text = "elder {elder_id} has the open application {application_id}"


class ApplicationNotOpen(Conflict):
    """The application's state does not allow this any more, or not yet."""

    field = "application_id"
    text = "application {application_id} is {state}"


class AssessorDoubted(Refusal):
    """A review needs other assessors than the doubted result had."""

    field = "assessor_ids"
    text = "assessor {assessor_id} made the result that is doubted"


class SecondDuty(Denied):
    """Registering, assigning, assessing and approving are done by different people in one case."""

    field = "application_id"
    text = "whoever did the {done} in application {application_id} does not do the {duty} too"
