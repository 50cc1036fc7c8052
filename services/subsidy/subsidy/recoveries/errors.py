"""What is refused of claims."""

from kit.contracts.refusals import Conflict, Denied


class NotDue(Conflict):
    """Nothing is to come back of it, or its settlement is not decided for good."""

    text = "recovery {recovery_id} is {state}: nothing is to come back now"
    field = "recovery_id"


class TooMuchRepaid(Conflict):
    """More came back than is claimed: somebody must look at it."""

    text = "{outstanding_fen} fen of recovery {recovery_id} are to come back"
    field = "repaid_fen"


class NotYetRepaid(Conflict):
    """Money that came is recorded on its day or later."""

    text = "{repaid_on} lies after today"
    field = "repaid_on"


class NoDeferral(Conflict):
    """A claim is put off for a while, not for ever."""

    text = "a claim is put off until a day after today and not after {last_day}"
    field = "deferred_until"


class NothingPaid(Conflict):
    """Only what was paid and is not claimed already can be claimed back."""

    text = "{claimable_fen} fen of that can be claimed back"
    field = "claimed_fen"


class RaisedByYourself(Denied):
    """Who raises a claim does not waive it."""

    text = "recovery {recovery_id} is waived by another official than who raised it"
    field = "recovery_id"
