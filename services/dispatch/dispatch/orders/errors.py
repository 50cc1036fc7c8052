"""What is refused about an order."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict

BEFORE_THE_ORDER = Phrase(
    "lies before the order was placed", "早于下单时间", key="BEFORE_THE_ORDER"
)
BEFORE_THE_CHECK_IN = Phrase("lies before the check-in", "早于签到时间", key="BEFORE_THE_CHECK_IN")
IN_THE_FUTURE = Phrase("lies in the future", "在未来", key="DEVICE_IN_THE_FUTURE")
ONLY_IF_REACHED = Phrase(
    "is told exactly where the elder was reached",
    "联系到老年人时必须填写，否则不得填写",
    key="ONLY_IF_REACHED",
)


class WindowTooShort(Conflict):
    """The window leaves the plan no freedom."""

    text = Phrase(
        "the window must be at least {least_min} minutes long", "服务时间窗至少 {least_min} 分钟"
    )
    field = "wanted_to"


class WindowTooLong(Conflict):
    """The window is several days long; each day is planned by itself."""

    text = Phrase(
        "the window must be at most {most_min} minutes long", "时间窗最长 {most_min} 分钟"
    )
    field = "wanted_to"


class WindowTooFar(Conflict):
    """Nobody plans as far ahead."""

    text = Phrase(
        "the window must begin within {most_days} days", "时间窗须在 {most_days} 天内开始"
    )
    field = "wanted_from"


class WindowInThePast(Conflict):
    """The visit could not begin in time any more."""

    text = Phrase(
        "the window has ended, or the visit's day began before today",
        "服务时间窗已结束，或服务日在今天之前",
    )
    field = "wanted_from"


class ElderNotServed(Conflict):
    """The elder died or moved away."""

    text = Phrase(
        "elder {elder_id} is not alive in this city", "老年人 {elder_id} 已去世或已迁出本市"
    )
    field = "elder_id"


class DeathReported(Conflict):
    """Somebody reported that the elder died; until an official has decided, nobody is sent."""

    text = Phrase(
        "a death of elder {elder_id} was reported and waits for an official",
        "已有报告称老年人 {elder_id} 去世，等待民政工作人员确认",
    )
    field = "elder_id"


class OrderedAlready(Conflict):
    """The same visit is ordered for these hours."""

    field = "again"
    text = Phrase(
        "order {order_id} is for the same item in these hours; with `again` it is a second order",
        "工单 {order_id} 已在这一时段预约了同一服务；确需再次预约的，请填写 `again`",
    )


class VisitsAtOnce(Conflict):
    """The windows of two orders of an elder leave no way but to be visited by two at once."""

    field = "again"
    text = Phrase(
        "the visit would take place during that of order {order_id}; `again` says that it may",
        "服务时间与工单 {order_id} 必然重叠；确认可以同时上门的，请填写 `again`",
    )


class NotPlacedYet(Conflict):
    """The voucher is still being held; the order cannot be changed before."""

    text = Phrase(
        "order {order_id} is still being placed; ask again in a minute",
        "服务工单 {order_id} 正在下单，请一分钟后再试",
    )


class VisitBegun(Conflict):
    """The worker has checked in, or the visit is over."""

    text = Phrase(
        "order {order_id} can no longer be cancelled: the worker has checked in",
        "服务工单 {order_id} 不能再取消：服务人员已签到",
    )


class AlreadyCancelled(Conflict):
    """The order was cancelled before."""

    text = Phrase("order {order_id} is cancelled", "服务工单 {order_id} 已取消")


class NotOffered(Conflict):
    """The order is not offered to anybody at present."""

    text = Phrase("order {order_id} is not an open offer", "服务工单 {order_id} 不是待接的派单")


class CertificateExpired(Conflict):
    """The worker's certificate does not hold on the day of the visit."""

    text = Phrase(
        "the certificate of worker {worker_id} holds until {certified_until}",
        "服务人员 {worker_id} 的资格证书有效期至 {certified_until}",
    )
    field = "order_id"


class OrganisationNotServing(Conflict):
    """The organisation is suspended or closed on the day of the visit."""

    text = Phrase(
        "organisation {organisation_id} sends nobody on {day}",
        "机构 {organisation_id} 在 {day} 不派人上门",
    )
    field = "order_id"


class OfferReplaced(Conflict):
    """The offer that is answered ended, and the order was offered anew; attempt: the open one's
    number.
    """

    text = Phrase(
        "offer {answered} of order {order_id} has ended; offer {attempt} is open",
        "服务工单 {order_id} 的第 {answered} 次派单已结束，第 {attempt} 次派单待接",
    )
    field = "attempt"


class NotAccepted(Conflict):
    """Only an accepted order can be begun."""

    text = Phrase("order {order_id} is not accepted", "服务工单 {order_id} 尚未接单")


class NotBegun(Conflict):
    """Only a begun visit can be ended."""

    text = Phrase("order {order_id} has no check-in", "服务工单 {order_id} 没有签到")


class NotDone(Conflict):
    """Only a finished visit is followed up."""

    text = Phrase("order {order_id} is not done", "服务工单 {order_id} 尚未完成")


class ShareTooMuch(Conflict):
    """More than is still to come of the elder's own share."""

    text = Phrase(
        "{outstanding_fen} fen of the own share of order {order_id} are still to come",
        "服务工单 {order_id} 的自付金额尚有 {outstanding_fen} 分未收",
    )
    field = "received_fen"


class NothingToRefund(Conflict):
    """Only what was received for a visit that is refused for good is given back."""

    text = Phrase(
        "{refundable_fen} fen of order {order_id} are to be given back",
        "服务工单 {order_id} 应退还 {refundable_fen} 分",
    )
    field = "refunded_fen"


class NotYetReceived(Conflict):
    """The money cannot have come on a day that has not."""

    text = Phrase("{received_on} lies in the future", "{received_on} 在今天之后")
    field = "received_on"


class TooLateToTell(Conflict):
    """A visit whose order has ended is told within some days, and only if it began before."""

    text = Phrase(
        "order {order_id} had ended before the visit, or it was told after {most_h} hours",
        "服务工单 {order_id} 在到达之前已结束，或补报超过 {most_h} 小时",
    )
    field = "at"


class BackEntryDecided(Conflict):
    """Somebody decided about it before."""

    text = Phrase(
        "the back-entry of order {order_id} is decided", "服务工单 {order_id} 的补录已有决定"
    )


class BackEntryUnfinished(Conflict):
    """The device has not told the departure yet."""

    text = Phrase(
        "the back-entry of order {order_id} has no check-out yet",
        "服务工单 {order_id} 的补录尚无签退",
    )


class DeviceTimeWrong(Conflict):
    """The device's instant cannot be true."""

    text = Phrase("the device's time {rule}", "设备时间不正确：{rule}")
    field = "at"
