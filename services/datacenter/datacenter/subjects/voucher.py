"""A month's voucher: its value, and what was used of it."""

from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter import months
from datacenter.subjects.groups import EventFlows, Occurrence
from datacenter.subjects.measures import Measure


def _month_of(
    event: subsidy.VoucherIssued | subsidy.VoucherCaptured | subsidy.VoucherReversed,
) -> Occurrence:
    return Occurrence(event.area_code, months.of_text(event.month))


issued = EventFlows(subsidy.VoucherIssued, _month_of)
captured = EventFlows(subsidy.VoucherCaptured, _month_of)
reversed_ = EventFlows(subsidy.VoucherReversed, _month_of)

ISSUED_FEN: Measure = issued.measure(
    "ISSUED_FEN", "value issued", lambda event, _: event.issued_fen
)
CAPTURED_FEN: Measure = captured.measure(
    "CAPTURED_FEN", "value used and not given back", lambda event, _: event.captured_fen
)
reversed_.adds(CAPTURED_FEN, lambda event, _: -event.reversed_fen)
