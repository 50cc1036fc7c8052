"""What is refused about results, and why."""

from datetime import datetime

from kit.contracts.refusals import Conflict, Refusal


class NotTheAssessor(Refusal):
    """The caller is not one of the assigned assessors."""

    field = "application_id"
    text = "the caller is no assessor of application {application_id}"

    def __init__(self, application_id: object) -> None:
        super().__init__(application_id=str(application_id))


class PublicityRunning(Conflict):
    """Objections are still possible."""

    field = "assessment_id"
    text = "objections to assessment {assessment_id} are heard until {public_until}"

    def __init__(self, assessment_id: object, public_until: datetime) -> None:
        super().__init__(assessment_id=str(assessment_id), public_until=public_until.isoformat())


class PublicityOver(Conflict):
    """The time for objections is over."""

    field = "assessment_id"
    text = "objections to assessment {assessment_id} were heard until {public_until}"

    def __init__(self, assessment_id: object, public_until: datetime) -> None:
        super().__init__(assessment_id=str(assessment_id), public_until=public_until.isoformat())


class AssessmentNotPublic(Conflict):
    """The result is in force, doubted or replaced already."""

    field = "assessment_id"
    text = "assessment {assessment_id} is {state}"

    def __init__(self, assessment_id: object, state: str) -> None:
        super().__init__(assessment_id=str(assessment_id), state=state)
