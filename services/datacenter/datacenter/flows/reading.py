"""What an event says about which thing. The only place of the projection that knows messages; everything behind it knows values.

A reader returns notes (kind, id, merge, arguments), to be merged into what is known of the thing, and counts that the event adds by itself.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import cache
from typing import Any, NamedTuple

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.facility.v1 import events_pb2 as facility
from eldercare.subsidy.v1 import events_pb2 as subsidy
from eldercare.supervision.v1 import events_pb2 as supervision
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from datacenter.rules import months, people, places, work
from datacenter.rules.measures import Counts, Limits, Measure


class Kind(IntEnum):
    """The kinds of things that counts are made of."""

    ELDER = 1
    ASSESSMENT = 2
    ORDER = 3
    SETTLEMENT = 4
    COMPLAINT = 5
    FACILITY = 6
    WORKER = 7
    STAY = 8
    APPLICATION = 9


COUNTS: dict[int, Callable[[dict[str, Any], Limits], Counts]] = {
    Kind.ELDER: people.counts_of, Kind.ASSESSMENT: work.assessment_counts, Kind.ORDER: work.order_counts,
    Kind.SETTLEMENT: work.settlement_counts, Kind.COMPLAINT: work.complaint_counts, Kind.FACILITY: places.facility_counts,
    Kind.WORKER: places.worker_counts, Kind.STAY: places.stay_counts, Kind.APPLICATION: work.application_counts,
}

Note = tuple[int, str, Callable[..., None], tuple[Any, ...]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class When(NamedTuple):
    """The place of an event in time. month: Asia/Shanghai, by business time; at: microseconds; sequence: its thing's version."""

    month: int
    sequence: int
    at: int

    @classmethod
    def of(cls, time: datetime, sequence: int) -> "When":
        """From an event's business time and version."""
        at = (time - _EPOCH) // _MICROSECOND
        return cls(months.of_seconds(at // 1_000_000), sequence, at)


Said = tuple[list[Note], list[tuple[Measure, str, int, int]]]
Reader = Callable[[Any, When, Limits], Said]
READERS: dict[str, Reader] = {}


def read(event: Message, when: When, limits: Limits) -> Said:
    """Notes and own counts of an event; nothing where it is in no figure."""
    reader = READERS.get(event.DESCRIPTOR.full_name)
    return reader(event, when, limits) if reader else ([], [])


def area_of(event: Message) -> str | None:
    """The area code an event happened in."""
    path = _area_path(event.DESCRIPTOR)
    if path is None:
        return None
    found: str = getattr(event, "area_code") if path == "" else getattr(event, path).area_code  # noqa: B009
    return found or None


@cache
def _area_path(kind: Descriptor) -> str | None:
    if "area_code" in kind.fields_by_name:
        return ""
    holders = (field.name for field in kind.fields if field.message_type is not None and "area_code" in field.message_type.fields_by_name)
    return next(holders, None)


def _reads(*kinds: type[Message]) -> Callable[[Reader], Reader]:
    def register(reader: Reader) -> Reader:
        READERS.update({kind.DESCRIPTOR.full_name: reader for kind in kinds})
        return reader

    return register


def _flag(values: Iterable[int], wanted: frozenset[int], flag: int) -> int:
    return flag if not wanted.isdisjoint(values) else 0


_Elder = assessment.Elder
_APART = frozenset((_Elder.LIVING_ALONE, _Elder.LIVING_SPOUSE_ONLY))
_SPECIAL_LIVING = _APART | {_Elder.LIVING_LEFT_BEHIND}
_SPECIAL_HARDSHIP = frozenset((_Elder.HARDSHIP_SEVERELY_HANDICAPPED, _Elder.HARDSHIP_PLANNED_FAMILY_SPECIAL))
_BASIC = frozenset((_Elder.HARDSHIP_DIBAO, _Elder.HARDSHIP_TEKUN))
_CARE = _BASIC | {_Elder.HARDSHIP_LOW_INCOME}
_CHANNELS = {  # what the platform asks for itself came by none
    assessment.CHANNEL_PORTAL: (Measure.APPLICATIONS, Measure.APPLICATIONS_ONLINE, Measure.APPLICATIONS_PORTAL),
    assessment.CHANNEL_HOTLINE: (Measure.APPLICATIONS, Measure.APPLICATIONS_HOTLINE),
    assessment.CHANNEL_MOBILE: (Measure.APPLICATIONS, Measure.APPLICATIONS_ONLINE, Measure.APPLICATIONS_MOBILE),
    assessment.CHANNEL_TERMINAL: (Measure.APPLICATIONS, Measure.APPLICATIONS_TERMINAL),
}


@_reads(assessment.ElderRegistered, assessment.ElderChanged, assessment.ElderDied)
def _elder(event: Any, when: When, _: Limits) -> Said:
    elder = event.elder
    hardships, living = list(elder.hardships), elder.living
    flags = people.ALIVE if elder.status == _Elder.STATUS_ALIVE else 0
    flags |= (people.ALONE if living in _APART else 0) | (people.COMPLETE if elder.complete else 0)
    flags |= (people.SPECIAL if living in _SPECIAL_LIVING else 0) | _flag(hardships, _SPECIAL_HARDSHIP, people.SPECIAL)
    flags |= _flag(hardships, _BASIC, people.BASIC) | _flag(hardships, _CARE, people.CARE)
    entry = [when.month, when.sequence, when.at, elder.area_code, flags, months.of_text(elder.born_on)]
    return [(Kind.ELDER, elder.elder_id, people.knows_state, (entry,))], []


@_reads(assessment.ApplicationSubmitted)
def _application(event: Any, _: When, __: Limits) -> Said:
    month = months.of_seconds(event.submitted_at.seconds)
    notes: list[Note] = [(Kind.APPLICATION, event.application_id, work.knows_first, ("s", [event.area_code, month]))]
    return notes, [(measure, event.area_code, month, 1) for measure in _CHANNELS.get(event.channel, ())]


@_reads(assessment.ApplicationWithdrawn)
def _withdrawn(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.APPLICATION, event.application_id, work.knows_least, ("w", 1))], []


@_reads(assessment.AssessmentCompleted)
def _completed(event: Any, _: When, limits: Limits) -> Said:
    month, asked = months.of_seconds(event.completed_at.seconds), months.of_seconds(event.submitted_at.seconds)
    place = [event.area_code, month, int(event.assessors >= limits.assessors)]
    in_time = [(Measure.RESULTS_IN_TIME, event.area_code, asked, 1)] if event.working_days <= limits.working_days else []
    return [(Kind.ASSESSMENT, event.assessment_id, work.knows_first, ("d", place))], in_time


@_reads(assessment.AssessmentAppealed)
def _appealed(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.ASSESSMENT, event.assessment_id, work.knows_least, ("x", 1))], []


@_reads(assessment.AssessmentApproved)
def _approved(event: Any, when: When, _: Limits) -> Said:
    begin, end = months.of_text(event.valid_from), months.of_text(event.valid_to)
    entry = [when.month, when.at, event.assessment_id, begin, end, event.level]
    return [(Kind.ELDER, event.elder_id, people.knows_result, (entry,))], []


def _care(event: Any, when: When, limits: Limits, is_open: int) -> Said:
    if event.kind != subsidy.Policy.KIND_CASH or event.policy_code != limits.care_policy:
        return [], []
    entry = [when.month, when.sequence, when.at, is_open]
    return [(Kind.ELDER, event.elder_id, people.knows_care, (event.entitlement_id, entry))], []


@_reads(subsidy.EntitlementOpened)
def _opened(event: Any, when: When, limits: Limits) -> Said:
    return _care(event, when, limits, 1)


@_reads(subsidy.EntitlementRefused, subsidy.EntitlementClosed)
def _ended(event: Any, when: When, limits: Limits) -> Said:
    return _care(event, when, limits, 0)


@_reads(subsidy.VoucherIssued)
def _issued(event: Any, when: When, _: Limits) -> Said:
    month = months.of_text(event.month)
    notes: list[Note] = [(Kind.ELDER, event.elder_id, people.knows_voucher, (month, when.month))]
    return notes, [(Measure.ISSUED_FEN, event.area_code, month, event.issued_fen)]


@_reads(subsidy.VoucherCaptured)
def _captured(event: Any, _: When, __: Limits) -> Said:
    return [], [(Measure.CAPTURED_FEN, event.area_code, months.of_text(event.month), event.captured_fen)]


@_reads(subsidy.PaymentMade)
def _paid(event: Any, _: When, __: Limits) -> Said:
    month = months.of_text(event.paid_on)
    counts = [(Measure.PAYMENTS, event.area_code, month, 1)]
    if event.paid_on <= event.due_on:
        counts.append((Measure.PAYMENTS_IN_TIME, event.area_code, month, 1))
    if event.kind == subsidy.PaymentMade.KIND_CASH:
        counts.append((Measure.PAID_CASH_FEN, event.area_code, months.of_text(event.month), event.paid_fen))
    return [], counts


@_reads(subsidy.RecoveryOpened)
def _claimed(event: Any, _: When, __: Limits) -> Said:
    return [], [(Measure.CLAIMED_FEN, event.area_code, months.of_text(event.month), event.claimed_fen)]


@_reads(supervision.SettlementApproved)
def _settled(event: Any, _: When, __: Limits) -> Said:
    if event.voucher_fen <= 0:
        return [], []
    place = [event.area_code, months.of_seconds(event.approved_at.seconds)]
    return [(Kind.SETTLEMENT, event.settlement_id, work.knows_first, ("s", place))], []


@_reads(supervision.SettlementVerified)
def _verified(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.SETTLEMENT, event.settlement_id, work.knows_least, ("y", 1))], []


@_reads(supervision.ComplaintFiled)
def _filed(event: Any, _: When, __: Limits) -> Said:
    place = [event.area_code, months.of_seconds(event.filed_at.seconds)]
    return [(Kind.COMPLAINT, event.complaint_id, work.knows_first, ("i", place))], []


@_reads(supervision.ComplaintClosed)
def _closed(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.COMPLAINT, event.complaint_id, work.knows_least, ("k", 1))] if event.in_time else [], []


@_reads(facility.FacilityOpened, facility.FacilityChanged, facility.FacilityClosed)
def _facility(event: Any, when: When, _: Limits) -> Said:
    state = event.facility
    is_open = int(state.status == facility.Facility.STATUS_OPEN)
    entry = [when.month, when.sequence, when.at, state.area_code, is_open, state.tier, state.operation, state.beds, state.nursing_beds]
    return [(Kind.FACILITY, state.facility_id, places.knows_state, (entry,))], []


@_reads(facility.WorkerRegistered, facility.WorkerChanged, facility.WorkerLeft)
def _worker(event: Any, when: When, _: Limits) -> Said:
    state = event.worker
    counted = int(state.status == facility.Worker.STATUS_ACTIVE and state.caregiver)
    until = months.after(state.certified_until) if state.certified_until else 0
    entry = [when.month, when.sequence, when.at, state.area_code, counted, until]
    return [(Kind.WORKER, state.worker_id, places.knows_state, (entry,))], []


@_reads(facility.StayBegan)
def _admitted(event: Any, _: When, __: Limits) -> Said:
    place = [event.area_code, months.of_seconds(event.admitted_at.seconds)]
    return [(Kind.STAY, event.stay_id, work.knows_first, ("b", place))], []


@_reads(facility.StayEnded)
def _discharged(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.STAY, event.stay_id, work.knows_least, ("z", months.of_seconds(event.discharged_at.seconds)))], []


@_reads(dispatch.OrderPlaced)
def _placed(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.ORDER, event.order_id, work.knows_first, ("p", [event.area_code, months.of_seconds(event.wanted_from.seconds)]))], []


@_reads(dispatch.OrderCancelled)
def _cancelled(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.ORDER, event.order_id, work.knows_least, ("c", event.cause))], []


@_reads(dispatch.OrderStarted)
def _started(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.ORDER, event.order_id, work.knows_least, ("l", event.late_min))], []


@_reads(dispatch.OrderFinished)
def _finished(event: Any, _: When, __: Limits) -> Said:
    place = [event.area_code, months.of_seconds(event.finished_at.seconds)]
    notes: list[Note] = [(Kind.ORDER, event.order_id, work.knows_first, ("f", place))]
    return [*notes, (Kind.ORDER, event.order_id, work.knows_least, ("v", 1))] if event.voucher_fen > 0 else notes, []


@_reads(dispatch.OrderFollowedUp)
def _followed_up(event: Any, _: When, __: Limits) -> Said:
    month = months.of_seconds(event.followed_up_at.seconds)
    counts = [(Measure.ANSWERS, event.area_code, month, 1)] if event.reached else []
    if event.satisfied:
        counts.append((Measure.ANSWERS_SATISFIED, event.area_code, month, 1))
    return [(Kind.ORDER, event.order_id, work.knows_least, ("u", 1))], counts


@_reads(dispatch.OrderAssigned)
def _offered(event: Any, _: When, __: Limits) -> Said:
    month = months.of_seconds(event.assigned_at.seconds)
    entry = [_micros(event.assigned_at), event.attempt, event.worker_id, event.area_code, month]
    return [(Kind.ORDER, event.order_id, work.knows_each, ("o", entry))], []


@_reads(dispatch.OrderAccepted)
def _accepted(event: Any, _: When, __: Limits) -> Said:
    return [(Kind.ORDER, event.order_id, work.knows_each, ("a", [_micros(event.accepted_at), event.worker_id]))], []


def _micros(stamp: Any) -> int:
    return int(stamp.seconds * 1_000_000 + stamp.nanos // 1000)
