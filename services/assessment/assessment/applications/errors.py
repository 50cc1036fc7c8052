"""What is refused about applications, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Denied, Refusal


class ApplicationOpen(Conflict):
    """The elder has an application that is not finished."""

    field = "elder_id"
    text = Phrase(
        "elder {elder_id} has the open application {application_id}",
        "老年人 {elder_id} 有未办结的评估申请 {application_id}",
    )


class ApplicationNotOpen(Conflict):
    """The application's state does not allow this any more, or not yet."""

    field = "application_id"
    text = Phrase(
        "application {application_id} is {state}", "评估申请 {application_id} 的状态为{state}"
    )


class AssessorDoubted(Refusal):
    """A review needs other assessors than the doubted result had."""

    field = "assessor_ids"
    text = Phrase(
        "assessor {assessor_id} made the result that is doubted",
        "被异议的结果由评估员 {assessor_id} 作出",
    )


class SecondDuty(Denied):
    """Registering, assigning, assessing and approving are done by different people in one case."""

    field = "application_id"
    text = Phrase(
        "whoever did the {done} in application {application_id} does not do the {duty} too",
        "在评估申请 {application_id} 中已承担{done}职责的人不得再承担{duty}职责",
    )


class RelativeOfElder(Denied):
    """The caller speaks for the elder, and assesses others alone."""

    field = "application_id"
    text = Phrase(
        "the caller is a relative of the elder of application {application_id}",
        "调用者是评估申请 {application_id} 中老年人的亲属",
    )
