"""A payment: whether it came by its due day, what was given for a month, and what is claimed
back.
"""

from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter import months
from datacenter.subjects import voucher
from datacenter.subjects.groups import EventFlows, Occurrence


def _month_for(
    event: subsidy.PaymentMade
    | subsidy.RecoveryOpened
    | subsidy.RecoveryWithdrawn
    | subsidy.RecoveryRepaid,
) -> Occurrence:
    return Occurrence(event.area_code, months.of_text(event.month))


def _is_cash(event: subsidy.PaymentMade) -> bool:
    return event.kind in (subsidy.PaymentMade.KIND_CASH, subsidy.PaymentMade.KIND_ARREARS)


in_month_paid = EventFlows(
    subsidy.PaymentMade, lambda event: Occurrence(event.area_code, months.of_text(event.paid_on))
)
in_month_paid.measure("PAYMENTS", "payments made")
in_month_paid.measure(
    "PAYMENTS_IN_TIME", "by the due day", lambda event, _: event.paid_on <= event.due_on
)

paid = EventFlows(subsidy.PaymentMade, _month_for)
paid.measure(
    "PAID_CASH_FEN",
    "cash paid for the month",
    lambda event, _: event.paid_fen if _is_cash(event) else 0,
)
GIVEN_FEN = paid.measure(
    "GIVEN_FEN",
    "cash paid and vouchers used for the month",
    lambda event, _: event.paid_fen if _is_cash(event) else 0,
)
voucher.captured.adds(GIVEN_FEN, lambda event, _: event.captured_fen)
voucher.reversed_.adds(GIVEN_FEN, lambda event, _: -event.reversed_fen)

recovered = EventFlows(subsidy.RecoveryOpened, _month_for)
CLAIMED_FEN = recovered.measure(
    "CLAIMED_FEN",
    "claimed back for the month, and not withdrawn",
    lambda event, _: event.claimed_fen,
)
withdrawn = EventFlows(subsidy.RecoveryWithdrawn, _month_for)
withdrawn.adds(CLAIMED_FEN, lambda event, _: -event.withdrawn_fen)

repaid = EventFlows(subsidy.RecoveryRepaid, _month_for)
repaid.measure(
    "REPAID_FEN",
    "of what was claimed back for the month, repaid",
    lambda event, _: event.repaid_fen,
)
