"""What is refused about a settlement."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Denied


class NotHeld(Conflict):
    """Only a held settlement is decided by an inspector."""

    text = Phrase("settlement {settlement_id} is not held", "结算 {settlement_id} 未被挂起")


class ComplaintOpen(Conflict):
    """A complaint about the visit is answered first."""

    text = Phrase(
        "{open_complaints} complaint about order {order_id} is open",
        "服务工单 {order_id} 尚有 {open_complaints} 件投诉未办结",
    )


class NotRefused(Conflict):
    """Only a refused settlement is appealed against."""

    text = Phrase("settlement {settlement_id} is not refused", "结算 {settlement_id} 未被拒绝")


class AppealedBefore(Conflict):
    """A firm appeals once."""

    text = Phrase(
        "settlement {settlement_id} was appealed against before", "结算 {settlement_id} 已经申诉过"
    )


class AppealTooLate(Conflict):
    """The term of the appeal is over, or the refusal is of before there were appeals."""

    text = Phrase(
        "no appeal against settlement {settlement_id} can be made any more",
        "结算 {settlement_id} 已不能再申诉",
    )


class NotAppealed(Conflict):
    """There is no appeal to decide."""

    text = Phrase(
        "settlement {settlement_id} is not appealed against", "结算 {settlement_id} 没有申诉"
    )


class AlreadyRefused(Conflict):
    """A refused settlement pays nothing: there is nothing to verify."""

    text = Phrase("settlement {settlement_id} was refused", "结算 {settlement_id} 已被拒绝")


class AlreadyVerified(Conflict):
    """An inspector has been there."""

    text = Phrase("settlement {settlement_id} is verified", "结算 {settlement_id} 已经核查")


class DecidedByYourself(Denied):
    """Who refused a visit, or went to see, does not decide the appeal."""

    text = Phrase(
        "the appeal about settlement {settlement_id} is decided by another person",
        "结算 {settlement_id} 的申诉须由另一人决定",
    )
    field = "settlement_id"


class SecondDuty(Denied):
    """Who decides about the money of a visit does not go and see whether it took place."""

    text = Phrase(
        "settlement {settlement_id} is decided by one person and verified by another",
        "结算 {settlement_id} 的决定人和核查人不得为同一人",
    )
    field = "settlement_id"


class OwnInterest(Denied):
    """Who belongs to the firm, or speaks for the elder, decides nothing about the visit."""

    text = Phrase(
        "the caller belongs to the firm or the family of settlement {settlement_id}",
        "调用者属于结算 {settlement_id} 所涉机构或老年人家庭",
    )
    field = "settlement_id"
