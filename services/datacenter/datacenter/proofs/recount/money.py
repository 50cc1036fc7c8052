"""Money of a month: vouchers, payments, what is claimed back."""

from datetime import datetime

from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter.proofs.recount.counting import Handlers, Month

counts: "Handlers[Money]" = Handlers(
    "ISSUED_FEN",
    "CAPTURED_FEN",
    "PAYMENTS",
    "PAYMENTS_IN_TIME",
    "PAID_CASH_FEN",
    "GIVEN_FEN",
    "CLAIMED_FEN",
    "REPAID_FEN",
)


class Money:
    """Adds each as it comes."""

    def __init__(self, month: Month) -> None:
        self._month = month

    @counts(subsidy.VoucherIssued)
    def _issued(self, event: subsidy.VoucherIssued, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add(event.area_code, ISSUED_FEN=event.issued_fen)

    @counts(subsidy.VoucherCaptured)
    def _captured(self, event: subsidy.VoucherCaptured, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._used(event.area_code, event.captured_fen)

    @counts(subsidy.VoucherReversed)
    def _reversed(self, event: subsidy.VoucherReversed, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._used(event.area_code, -event.reversed_fen)

    def _used(self, area: str, fen: int) -> None:
        self._month.add(area, CAPTURED_FEN=fen, GIVEN_FEN=fen)

    @counts(subsidy.PaymentMade)
    def _paid(self, event: subsidy.PaymentMade, _: datetime, __: int) -> None:
        if event.paid_on.startswith(self._month.month):
            in_time = event.paid_on <= event.due_on
            self._month.add(event.area_code, PAYMENTS=1, PAYMENTS_IN_TIME=in_time)
        to_elder = event.kind in (event.KIND_CASH, event.KIND_ARREARS)
        if to_elder and event.month == self._month.month:
            fen = event.paid_fen
            self._month.add(event.area_code, PAID_CASH_FEN=fen, GIVEN_FEN=fen)

    @counts(subsidy.RecoveryOpened)
    def _claimed(self, event: subsidy.RecoveryOpened, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add(event.area_code, CLAIMED_FEN=event.claimed_fen)

    @counts(subsidy.RecoveryWithdrawn)
    def _withdrawn(self, event: subsidy.RecoveryWithdrawn, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add(event.area_code, CLAIMED_FEN=-event.withdrawn_fen)

    @counts(subsidy.RecoveryRepaid)
    def _repaid(self, event: subsidy.RecoveryRepaid, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add(event.area_code, REPAID_FEN=event.repaid_fen)

    def count(self) -> None:
        """Nothing waits for the end."""
