"""What is refused about a settlement."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Denied


class NotHeld(Conflict):
    """Only a held settlement is decided by an inspector."""

    text = Phrase("settlement {settlement_id} is not held", "结算 {settlement_id} 未被挂起")


class AlreadyRefused(Conflict):
    """A refused settlement pays nothing: there is nothing to verify."""

    text = Phrase("settlement {settlement_id} was refused", "结算 {settlement_id} 已被拒绝")


class AlreadyVerified(Conflict):
    """An inspector has been there."""

    text = Phrase("settlement {settlement_id} is verified", "结算 {settlement_id} 已经核查")


class SecondDuty(Denied):
    """Who decides about the money of a visit does not go and see whether it took place."""

    text = Phrase(
        "settlement {settlement_id} is decided by one person and verified by another",
        "结算 {settlement_id} 的决定人和核查人不得为同一人",
    )
    field = "settlement_id"
