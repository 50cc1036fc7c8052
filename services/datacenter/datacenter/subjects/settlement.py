"""A settlement of a visit that a voucher pays for, and whether an inspector went there."""

from typing import Annotated

from eldercare.supervision.v1 import events_pb2 as supervision

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects.declaration import State, Subject, When
from datacenter.subjects.groups import Occurrence
from datacenter.subjects.merges import ever, first


class Settlement(State):
    """What is known of a settlement."""

    approved: Annotated[
        Occurrence | None, first, "area and month of its approval, where a voucher pays"
    ] = None
    is_verified: Annotated[bool, ever, "an inspector went there"] = False


settlement = Subject("settlement", 4, Settlement)


@settlement.on(supervision.SettlementApproved, id="settlement_id")
def _approved(event: supervision.SettlementApproved, _: When, __: Limits) -> Settlement | None:
    if event.voucher_fen <= 0:
        return None
    month = months.of_seconds(event.approved_at.seconds)
    return Settlement(approved=Occurrence(event.area_code, month))


@settlement.on(supervision.SettlementVerified, id="settlement_id")
def _verified(_: supervision.SettlementVerified, __: When, ___: Limits) -> Settlement:
    return Settlement(is_verified=True)


in_month_approved = settlement.flows(lambda settlement: settlement.approved)
in_month_approved.measure("SETTLED", "approved, with a voucher")
in_month_approved.measure(
    "VERIFIED", "of these, verified on site", lambda settlement, _: settlement.is_verified
)
