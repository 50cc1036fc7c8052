"""What is refused about applications, and why."""

from kit.contracts.refusals import Conflict, Refusal


class ApplicationOpen(Conflict):
    """The elder has an application that is not finished."""

    field = "elder_id"
    text = "elder {elder_id} has the open application {application_id}"

    def __init__(self, elder_id: object, application_id: object) -> None:
        super().__init__(elder_id=str(elder_id), application_id=str(application_id))


class ApplicationNotOpen(Conflict):
    """The application's state does not allow this any more, or not yet."""

    field = "application_id"
    text = "application {application_id} is {state}"

    def __init__(self, application_id: object, state: str) -> None:
        super().__init__(application_id=str(application_id), state=state)


class AssessorDoubted(Refusal):
    """A review needs other assessors than the doubted result had."""

    field = "assessor_ids"
    text = "assessor {assessor_id} made the result that is doubted"

    def __init__(self, assessor_id: object) -> None:
        super().__init__(assessor_id=str(assessor_id))
