"""What is refused of claims."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Denied


class NotDue(Conflict):
    """Nothing is to come back of it, or its settlement is not decided for good."""

    text = Phrase(
        "recovery {recovery_id} is {state}: nothing is to come back now",
        "追回 {recovery_id} 目前为 {state}，现在没有应还款项",
    )
    field = "recovery_id"


class TooMuchRepaid(Conflict):
    """More came back than is claimed: somebody must look at it."""

    text = Phrase(
        "{outstanding_fen} fen of recovery {recovery_id} are to come back",
        "追回 {recovery_id} 尚有 {outstanding_fen} 分应还",
    )
    field = "repaid_fen"


class NotYetRepaid(Conflict):
    """Money that came is recorded on its day or later."""

    text = Phrase("{repaid_on} lies after today", "{repaid_on} 晚于今天")
    field = "repaid_on"


class NoDeferral(Conflict):
    """A claim is put off for a while, not for ever."""

    text = Phrase(
        "a claim is put off until a day after today and not after {last_day}",
        "缓期须在今天之后，且不晚于 {last_day}",
    )
    field = "deferred_until"


class NothingPaid(Conflict):
    """Only what was paid and is not claimed already can be claimed back."""

    text = Phrase(
        "{claimable_fen} fen of that can be claimed back", "其中还能追回 {claimable_fen} 分"
    )
    field = "claimed_fen"


class RaisedByYourself(Denied):
    """Who raises a claim does not waive it."""

    text = Phrase(
        "recovery {recovery_id} is waived by another official than who raised it",
        "追回 {recovery_id} 须由提出人以外的民政工作人员免除",
    )
    field = "recovery_id"


class OwnInterest(Denied):
    """Who owes the money, or belongs to who does, gives nothing of it up."""

    text = Phrase(
        "the caller belongs to the organisation or the family of recovery {recovery_id}",
        "调用者属于追回 {recovery_id} 所涉机构或老年人家庭",
    )
    field = "recovery_id"
