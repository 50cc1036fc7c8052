"""What is refused about an order."""

from kit.contracts.refusals import Conflict


class WindowTooShort(Conflict):
    """The window leaves the plan no freedom."""

    text = "the window must be at least {least_min} minutes long"
    field = "wanted_to"


class WindowInThePast(Conflict):
    """The visit could not begin in time any more."""

    text = "the window has ended, or the visit's day began before today"
    field = "wanted_from"


class ElderNotServed(Conflict):
    """The elder died or moved away."""

    text = "elder {elder_id} is not alive in this city"
    field = "elder_id"


class DeathReported(Conflict):
    """Somebody reported that the elder died; until an official has decided, nobody is sent."""

    text = "a death of elder {elder_id} was reported and waits for an official"
    field = "elder_id"


class NotPlacedYet(Conflict):
    """The voucher is still being held; the order cannot be changed before."""

    text = "order {order_id} is still being placed; ask again in a minute"


class VisitBegun(Conflict):
    """The worker has checked in, or the visit is over."""

    text = "order {order_id} can no longer be cancelled: the worker has checked in"


class AlreadyCancelled(Conflict):
    """The order was cancelled before."""

    text = "order {order_id} is cancelled"


class NotOffered(Conflict):
    """The order is not offered to anybody at present."""

    text = "order {order_id} is not an open offer"


class CertificateExpired(Conflict):
    """The worker's certificate does not hold on the day of the visit."""

    text = "the certificate of worker {worker_id} holds until {certified_until}"
    field = "order_id"


class OfferReplaced(Conflict):
    """The offer that is answered ended, and the order was offered anew; attempt: the open one's
    number.
    """

    text = "offer {answered} of order {order_id} has ended; offer {attempt} is open"
    field = "attempt"


class NotAccepted(Conflict):
    """Only an accepted order can be begun."""

    text = "order {order_id} is not accepted"


class NotBegun(Conflict):
    """Only a begun visit can be ended."""

    text = "order {order_id} has no check-in"


class NotDone(Conflict):
    """Only a finished visit is followed up."""

    text = "order {order_id} is not done"


class DeviceTimeWrong(Conflict):
    """The device's instant cannot be true."""

    text = "the device's time {rule}"
    field = "at"
