"""Money of a month: vouchers, payments, what is claimed back."""

from datetime import datetime

from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter.proofs.recount.counting import Handlers, Month

counts: "Handlers[Money]" = Handlers()


class Money:
    """Adds each as it comes."""

    def __init__(self, month: Month) -> None:
        self._month = month

    @counts(subsidy.VoucherIssued)
    def _issued(self, event: subsidy.VoucherIssued, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add("SU05", event.area_code, 0, event.issued_fen)

    @counts(subsidy.VoucherCaptured)
    def _captured(self, event: subsidy.VoucherCaptured, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add("SU05", event.area_code, event.captured_fen, 0)
            self._month.add("SU07", event.area_code, 0, event.captured_fen)

    @counts(subsidy.VoucherReversed)
    def _reversed(self, event: subsidy.VoucherReversed, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add("SU05", event.area_code, -event.reversed_fen, 0)
            self._month.add("SU07", event.area_code, 0, -event.reversed_fen)

    @counts(subsidy.PaymentMade)
    def _paid(self, event: subsidy.PaymentMade, _: datetime, __: int) -> None:
        if event.paid_on.startswith(self._month.month):
            self._month.add("SU06", event.area_code, event.paid_on <= event.due_on, 1)
        if event.kind == event.KIND_CASH and event.month == self._month.month:
            self._month.add("SU07", event.area_code, 0, event.paid_fen)

    @counts(subsidy.RecoveryOpened)
    def _claimed(self, event: subsidy.RecoveryOpened, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add("SU07", event.area_code, event.claimed_fen, 0)

    def count(self) -> None:
        """Nothing waits for the end."""
