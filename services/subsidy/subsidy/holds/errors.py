"""What is refused of holds."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict


class VoucherTooShort(Conflict):
    """An audited visit was promised more of a voucher than is held or free: nobody may pay less in
    silence, so somebody must look at it.
    """

    text = Phrase(
        "order {order_id} was promised {promised_fen} fen of a voucher, {held_fen} fen can be held",
        "服务工单 {order_id} 承诺使用消费券 {promised_fen} 分，只能冻结 {held_fen} 分",
    )
