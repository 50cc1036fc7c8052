"""What supervision refuses."""

from kit.contracts.refusals import Conflict


class NotHeld(Conflict):
    """Only a held settlement is decided by an inspector."""

    text = "settlement {settlement_id} is not held"


class AlreadyRefused(Conflict):
    """A refused settlement pays nothing: there is nothing to verify."""

    text = "settlement {settlement_id} was refused"


class AlreadyVerified(Conflict):
    """An inspector has been there."""

    text = "settlement {settlement_id} is verified"


class NobodyCame(Conflict):
    """The order was never offered to an organisation that a complaint could be about."""

    text = "order {order_id} was offered to nobody yet"
    field = "order_id"


class AlreadyClosed(Conflict):
    """The complaint was closed before."""

    text = "complaint {complaint_id} is closed"
