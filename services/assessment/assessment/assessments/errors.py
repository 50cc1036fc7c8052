"""What is refused about results, and why."""

from kit.contracts.refusals import Conflict, Denied, Refusal


class NotTheAssessor(Refusal):
    """The caller is not one of the assigned assessors."""

    field = "application_id"
    text = "the caller is no assessor of application {application_id}"


class OnePersonTwice(Denied):
    """Each assessor signs for themselves: one person is not two of them."""

    field = "application_id"
    text = "one person signs application {application_id} once"


class SignedAlready(Conflict):
    """The caller has signed this record."""

    field = "application_id"
    text = "the caller has signed the record of application {application_id}"


class NothingToSign(Conflict):
    """No assessor has made a record of the assessment yet."""

    field = "application_id"
    text = "application {application_id} has no record yet"


class OtherResult(Conflict):
    """The record gives another total or level than the one that is signed."""

    field = "level"
    text = "the record of application {application_id} gives another total or level"


class RelativeOfElder(Denied):
    """The caller speaks for the elder, and assesses others alone."""

    field = "application_id"
    text = "the caller is a relative of the elder of application {application_id}"


class PublicityRunning(Conflict):
    """Objections are still possible."""

    field = "assessment_id"
    text = "objections to assessment {assessment_id} are heard until {public_until}"


class PublicityOver(Conflict):
    """The time for objections is over, and nothing is decided that could be appealed."""

    field = "assessment_id"
    text = "objections to assessment {assessment_id} were heard until {public_until}"


class AppealTooLate(Conflict):
    """The term in which an approval or rejection can be appealed is over."""

    field = "assessment_id"
    text = "assessment {assessment_id} could be appealed until {appeal_until}"


class AppealedBefore(Conflict):
    """An approval or rejection is appealed once; the review has its own result."""

    field = "assessment_id"
    text = "assessment {assessment_id} was appealed before"


class AssessmentNotPublic(Conflict):
    """The result is in force, doubted or replaced already."""

    field = "assessment_id"
    text = "assessment {assessment_id} is {state}"
