"""What is refused about a settlement."""

from kit.contracts.refusals import Conflict, Denied


class NotHeld(Conflict):
    """Only a held settlement is decided by an inspector."""

    text = "settlement {settlement_id} is not held"


class AlreadyRefused(Conflict):
    """A refused settlement pays nothing: there is nothing to verify."""

    text = "settlement {settlement_id} was refused"


class AlreadyVerified(Conflict):
    """An inspector has been there."""

    text = "settlement {settlement_id} is verified"


class SecondDuty(Denied):
    """Who decides about the money of a visit does not go and see whether it took place."""

    text = "settlement {settlement_id} is decided by one person and verified by another"
    field = "settlement_id"
