"""What this service refuses."""

from kit.contracts.refusals import Conflict


class EntitlementNotOpen(Conflict):
    """Only an open entitlement can be refused: this one was refused before or has ended."""

    text = "entitlement {entitlement_id} is {state}, not open"


class VoucherTooShort(Conflict):
    """An audited visit was promised more of a voucher than is held or free: nobody may pay less in
    silence, so somebody must look at it.
    """

    text = (
        "order {order_id} was promised {promised_fen} fen of a voucher, {held_fen} fen can be held"
    )
