"""What is refused about fees and charges, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Denied


class FeeTooEarly(Conflict):
    """A fee holds for what is to come: the first one from this month on, another one from today."""

    field = "valid_from"
    text = Phrase(
        "a fee of this facility begins on {earliest} at the earliest",
        "本设施的收费标准最早自 {earliest} 起执行",
    )


class FeeFixed(Conflict):
    """One fee a day: what was declared for a day stays, since somebody may be charged by it."""

    field = "valid_from"
    text = Phrase(
        "a fee from {valid_from} on was declared before", "已申报自 {valid_from} 起的收费标准"
    )


class DecidedAlready(Conflict):
    """The office has decided about it."""

    field = "charge_id"
    text = Phrase("charge {charge_id} is {state}", "费用 {charge_id} 的状态为{state}")


class ReasonMissing(Conflict):
    """Who refuses says why."""

    field = "reason"
    text = Phrase("a refusal has a reason", "不予批准须写明理由")


class ShareUnknown(Conflict):
    """What the voucher pays of it is not known yet, so nobody knows the own share."""

    field = "charge_id"
    text = Phrase(
        "the own share of charge {charge_id} is not known yet",
        "费用 {charge_id} 的自付金额尚未确定",
    )
    retry_after_s = 2.0


class MoreThanOwnShare(Conflict):
    """More than is still to come of the own share."""

    field = "received_fen"
    text = Phrase(
        "{outstanding_fen} fen of the own share of charge {charge_id} are still to come",
        "费用 {charge_id} 的自付金额尚余 {outstanding_fen} 分",
    )


class OwnInterest(Denied):
    """Who belongs to the home, or speaks for the elder, does not decide about the charge."""

    field = "charge_id"
    text = Phrase(
        "the caller belongs to the home or the family of charge {charge_id}",
        "调用者属于费用 {charge_id} 所涉机构或老年人家庭",
    )
