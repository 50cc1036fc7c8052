"""What is refused about results, and why."""

from kit.contracts.refusals import Conflict, Refusal


class NotTheAssessor(Refusal):
    """The caller is not one of the assigned assessors."""

    field = "application_id"
    text = "the caller is no assessor of application {application_id}"


class PublicityRunning(Conflict):
    """Objections are still possible."""

    field = "assessment_id"
    text = "objections to assessment {assessment_id} are heard until {public_until}"


class PublicityOver(Conflict):
    """The time for objections is over."""

    field = "assessment_id"
    text = "objections to assessment {assessment_id} were heard until {public_until}"


class AssessmentNotPublic(Conflict):
    """The result is in force, doubted or replaced already."""

    field = "assessment_id"
    text = "assessment {assessment_id} is {state}"
