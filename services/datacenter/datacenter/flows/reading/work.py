"""What events say of applications, assessments, payments, audits, complaints and orders."""

from typing import Any

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.subsidy.v1 import events_pb2 as subsidy
from eldercare.supervision.v1 import events_pb2 as supervision

from datacenter.flows.reading.values import Kind, Note, Readers, Said, When
from datacenter.rules import months, work
from datacenter.rules.measures import Limits, Measure

reads = Readers()
_CHANNELS = {  # what the platform asks for itself came by none
    assessment.CHANNEL_PORTAL: (
        Measure.APPLICATIONS,
        Measure.APPLICATIONS_ONLINE,
        Measure.APPLICATIONS_PORTAL,
    ),
    assessment.CHANNEL_HOTLINE: (Measure.APPLICATIONS, Measure.APPLICATIONS_HOTLINE),
    assessment.CHANNEL_MOBILE: (
        Measure.APPLICATIONS,
        Measure.APPLICATIONS_ONLINE,
        Measure.APPLICATIONS_MOBILE,
    ),
    assessment.CHANNEL_TERMINAL: (Measure.APPLICATIONS, Measure.APPLICATIONS_TERMINAL),
}


@reads(assessment.ApplicationSubmitted)
def _application(event: Any, _: When, __: Limits) -> Said:
    month = months.of_seconds(event.submitted_at.seconds)
    notes: list[Note] = [
        (Kind.APPLICATION, event.application_id, work.knows_first, ("s", [event.area_code, month]))
    ]
    return notes, [
        (measure, event.area_code, month, 1) for measure in _CHANNELS.get(event.channel, ())
    ]


@reads(assessment.ApplicationWithdrawn)
def _withdrawn(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.APPLICATION, event.application_id, work.knows_least, ("w", 1))], []


@reads(assessment.AssessmentCompleted)
def _completed(event: Any, _: When, limits: Limits) -> Said:
    month, asked = (
        months.of_seconds(event.completed_at.seconds),
        months.of_seconds(event.submitted_at.seconds),
    )
    place = [event.area_code, month, int(event.assessors >= limits.assessors)]
    in_time = (
        [(Measure.RESULTS_IN_TIME, event.area_code, asked, 1)]
        if event.working_days <= limits.working_days
        else []
    )
    return [(Kind.ASSESSMENT, event.assessment_id, work.knows_first, ("d", place))], in_time


@reads(assessment.AssessmentAppealed)
def _appealed(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.ASSESSMENT, event.assessment_id, work.knows_least, ("x", 1))], []


@reads(subsidy.VoucherCaptured)
def _captured(event: Any, _: When, __: Limits) -> Said:
    return [], _used(event, event.captured_fen)


@reads(subsidy.VoucherReversed)
def _reversed(event: Any, _: When, __: Limits) -> Said:
    return [], _used(event, -event.reversed_fen)


def _used(event: Any, amount_fen: int) -> list[tuple[Measure, str, int, int]]:
    month = months.of_text(event.month)
    return [
        (measure, event.area_code, month, amount_fen)
        for measure in (Measure.CAPTURED_FEN, Measure.GIVEN_FEN)
    ]


@reads(subsidy.PaymentMade)
def _paid(event: Any, _: When, __: Limits) -> Said:
    month = months.of_text(event.paid_on)
    counts = [(Measure.PAYMENTS, event.area_code, month, 1)]
    if event.paid_on <= event.due_on:
        counts.append((Measure.PAYMENTS_IN_TIME, event.area_code, month, 1))
    if event.kind == subsidy.PaymentMade.KIND_CASH:
        given = [
            (measure, event.area_code, months.of_text(event.month), event.paid_fen)
            for measure in (Measure.PAID_CASH_FEN, Measure.GIVEN_FEN)
        ]
        counts += given
    return [], counts


@reads(subsidy.RecoveryOpened)
def _claimed(event: Any, _: When, __: Limits) -> Said:
    return [], [
        (Measure.CLAIMED_FEN, event.area_code, months.of_text(event.month), event.claimed_fen)
    ]


@reads(supervision.SettlementApproved)
def _settled(event: Any, _: When, __: Limits) -> Said:
    if event.voucher_fen <= 0:
        return [], []
    place = [event.area_code, months.of_seconds(event.approved_at.seconds)]
    return [(Kind.SETTLEMENT, event.settlement_id, work.knows_first, ("s", place))], []


@reads(supervision.SettlementVerified)
def _verified(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.SETTLEMENT, event.settlement_id, work.knows_least, ("y", 1))], []


@reads(supervision.ComplaintFiled)
def _filed(event: Any, _: When, __: Limits) -> Said:
    place = [event.area_code, months.of_seconds(event.filed_at.seconds)]
    return [(Kind.COMPLAINT, event.complaint_id, work.knows_first, ("i", place))], []


@reads(supervision.ComplaintClosed)
def _closed(event: Any, _: When, __: Limits) -> Said:
    return [
        (Kind.COMPLAINT, event.complaint_id, work.knows_least, ("k", 1))
    ] if event.in_time else [], []


@reads(dispatch.OrderPlaced)
def _placed(event: Any, _: When, __: Limits) -> Said:
    return [
        (
            Kind.ORDER,
            event.order_id,
            work.knows_first,
            ("p", [event.area_code, months.of_seconds(event.wanted_from.seconds)]),
        )
    ], []


@reads(dispatch.OrderCancelled)
def _cancelled(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.ORDER, event.order_id, work.knows_least, ("c", event.cause))], []


@reads(dispatch.OrderStarted)
def _started(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.ORDER, event.order_id, work.knows_least, ("l", event.late_min))], []


@reads(dispatch.OrderFinished)
def _finished(event: Any, _: When, __: Limits) -> Said:
    place = [event.area_code, months.of_seconds(event.finished_at.seconds)]
    notes: list[Note] = [(Kind.ORDER, event.order_id, work.knows_first, ("f", place))]
    return [
        *notes,
        (Kind.ORDER, event.order_id, work.knows_least, ("v", 1)),
    ] if event.voucher_fen > 0 else notes, []


@reads(dispatch.OrderFollowedUp)
def _followed_up(event: Any, _: When, __: Limits) -> Said:
    month = months.of_seconds(event.followed_up_at.seconds)
    counts = [(Measure.ANSWERS, event.area_code, month, 1)] if event.reached else []
    if event.satisfied:
        counts.append((Measure.ANSWERS_SATISFIED, event.area_code, month, 1))
    return [(Kind.ORDER, event.order_id, work.knows_least, ("u", 1))], counts


@reads(dispatch.OrderAssigned)
def _offered(event: Any, _: When, __: Limits) -> Said:
    month = months.of_seconds(event.assigned_at.seconds)
    entry = [_micros(event.assigned_at), event.attempt, event.worker_id, event.area_code, month]
    return [(Kind.ORDER, event.order_id, work.knows_each, ("o", entry))], []


@reads(dispatch.OrderAccepted)
def _accepted(event: Any, _: When, __: Limits) -> Said:
    return [
        (
            Kind.ORDER,
            event.order_id,
            work.knows_each,
            ("a", [_micros(event.accepted_at), event.worker_id]),
        )
    ], []


def _micros(stamp: Any) -> int:
    return int(stamp.seconds * 1_000_000 + stamp.nanos // 1000)
