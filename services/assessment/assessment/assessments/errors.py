"""What is refused about results, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Denied, Refusal


class NotTheAssessor(Refusal):
    """The caller is not one of the assigned assessors."""

    field = "application_id"
    text = Phrase(
        "the caller is no assessor of application {application_id}",
        "调用者不是评估申请 {application_id} 的评估员",
    )


class OnePersonTwice(Denied):
    """Each assessor signs for themselves: one person is not two of them."""

    field = "application_id"
    text = Phrase(
        "one person signs application {application_id} once",
        "同一人在评估申请 {application_id} 中只能签字一次",
    )


class SignedAlready(Conflict):
    """The caller has signed this record."""

    field = "application_id"
    text = Phrase(
        "the caller has signed the record of application {application_id}",
        "调用者已在评估申请 {application_id} 的记录上签字",
    )


class NothingToSign(Conflict):
    """No assessor has made a record of the assessment yet."""

    field = "application_id"
    text = Phrase(
        "application {application_id} has no record yet", "评估申请 {application_id} 还没有评估记录"
    )


class OtherResult(Conflict):
    """The record gives another total or level than the one that is signed."""

    field = "level"
    text = Phrase(
        "the record of application {application_id} gives another total or level",
        "评估申请 {application_id} 的记录中总分或等级与此不同",
    )


class PublicityRunning(Conflict):
    """Objections are still possible."""

    field = "assessment_id"
    text = Phrase(
        "objections to assessment {assessment_id} are heard until {public_until}",
        "评估结果 {assessment_id} 的异议期至 {public_until} 结束",
    )


class PublicityOver(Conflict):
    """The time for objections is over, and nothing is decided that could be appealed."""

    field = "assessment_id"
    text = Phrase(
        "objections to assessment {assessment_id} were heard until {public_until}",
        "评估结果 {assessment_id} 的异议期已于 {public_until} 结束",
    )


class AppealTooLate(Conflict):
    """The term in which an approval or rejection can be appealed is over."""

    field = "assessment_id"
    text = Phrase(
        "assessment {assessment_id} could be appealed until {appeal_until}",
        "评估结果 {assessment_id} 的申诉期已于 {appeal_until} 结束",
    )


class AppealedBefore(Conflict):
    """An approval or rejection is appealed once; the review has its own result."""

    field = "assessment_id"
    text = Phrase(
        "assessment {assessment_id} was appealed before", "评估结果 {assessment_id} 已经申诉过"
    )


class AssessmentNotPublic(Conflict):
    """The result is in force, doubted or replaced already."""

    field = "assessment_id"
    text = Phrase(
        "assessment {assessment_id} is {state}", "评估结果 {assessment_id} 的状态为{state}"
    )
