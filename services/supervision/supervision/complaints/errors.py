"""What is refused about a complaint."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Denied


class NobodyCame(Conflict):
    """The order was never offered to an organisation that a complaint could be about."""

    text = Phrase(
        "order {order_id} was offered to nobody yet", "服务工单 {order_id} 尚未派给任何机构"
    )
    field = "order_id"


class AlreadyClosed(Conflict):
    """The complaint was closed before."""

    text = Phrase("complaint {complaint_id} is closed", "投诉 {complaint_id} 已办结")


class SecondDuty(Denied):
    """Who takes a complaint in does not close it."""

    text = Phrase(
        "who filed complaint {complaint_id} does not close it too",
        "投诉 {complaint_id} 的登记人不得同时办结",
    )
    field = "complaint_id"


class OwnInterest(Denied):
    """Who belongs to the firm, or speaks for the elder, closes no complaint about it."""

    text = Phrase(
        "the caller belongs to the firm or the family that complaint {complaint_id} is about",
        "调用者属于投诉 {complaint_id} 所涉机构或老年人家庭",
    )
    field = "complaint_id"
