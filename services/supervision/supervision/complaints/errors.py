"""What is refused about a complaint."""

from kit.contracts.refusals import Conflict, Denied


class NobodyCame(Conflict):
    """The order was never offered to an organisation that a complaint could be about."""

    text = "order {order_id} was offered to nobody yet"
    field = "order_id"


class AlreadyClosed(Conflict):
    """The complaint was closed before."""

    text = "complaint {complaint_id} is closed"


class SecondDuty(Denied):
    """Who takes a complaint in does not close it."""

    text = "who filed complaint {complaint_id} does not close it too"
    field = "complaint_id"
