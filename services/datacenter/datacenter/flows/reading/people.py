"""What events say of elders: who they are, how able, and what they are given."""

from collections.abc import Iterable
from typing import Any

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter.flows.reading.values import Kind, Note, Readers, Said, When
from datacenter.rules import months, people
from datacenter.rules.measures import Limits, Measure

reads = Readers()
_Elder = assessment.Elder
_APART = frozenset((_Elder.LIVING_ALONE, _Elder.LIVING_SPOUSE_ONLY))
_SPECIAL_LIVING = _APART | {_Elder.LIVING_LEFT_BEHIND}
_SPECIAL_HARDSHIP = frozenset(
    (_Elder.HARDSHIP_SEVERELY_HANDICAPPED, _Elder.HARDSHIP_PLANNED_FAMILY_SPECIAL)
)
_BASIC = frozenset((_Elder.HARDSHIP_DIBAO, _Elder.HARDSHIP_TEKUN))
_CARE = _BASIC | {_Elder.HARDSHIP_LOW_INCOME}


@reads(assessment.ElderRegistered, assessment.ElderChanged, assessment.ElderDied)
def _elder(event: Any, when: When, _: Limits) -> Said:
    elder = event.elder
    hardships, living = list(elder.hardships), elder.living
    flags = people.ALIVE if elder.status == _Elder.STATUS_ALIVE else 0
    flags |= (people.ALONE if living in _APART else 0) | (people.COMPLETE if elder.complete else 0)
    flags |= (people.SPECIAL if living in _SPECIAL_LIVING else 0) | _flag(
        hardships, _SPECIAL_HARDSHIP, people.SPECIAL
    )
    flags |= _flag(hardships, _BASIC, people.BASIC) | _flag(hardships, _CARE, people.CARE)
    entry = [
        when.month,
        when.sequence,
        when.at,
        elder.area_code,
        flags,
        months.of_text(elder.born_on),
    ]
    return [(Kind.ELDER, elder.elder_id, people.knows_state, (entry,))], []


def _flag(values: Iterable[int], wanted: frozenset[int], flag: int) -> int:
    return flag if not wanted.isdisjoint(values) else 0


@reads(assessment.AssessmentApproved)
def _approved(event: Any, when: When, _: Limits) -> Said:
    begin, end = months.of_text(event.valid_from), months.of_text(event.valid_to)
    entry = [when.month, when.at, event.assessment_id, begin, end, event.level]
    return [(Kind.ELDER, event.elder_id, people.knows_result, (entry,))], []


def _care(event: Any, when: When, limits: Limits, is_open: int) -> Said:
    if event.kind != subsidy.Policy.KIND_CASH or event.policy_code != limits.care_policy:
        return [], []
    entry = [when.month, when.sequence, when.at, is_open]
    return [(Kind.ELDER, event.elder_id, people.knows_care, (event.entitlement_id, entry))], []


@reads(subsidy.EntitlementOpened)
def _opened(event: Any, when: When, limits: Limits) -> Said:
    return _care(event, when, limits, 1)


@reads(subsidy.EntitlementRefused, subsidy.EntitlementClosed)
def _ended(event: Any, when: When, limits: Limits) -> Said:
    return _care(event, when, limits, 0)


@reads(subsidy.VoucherIssued)
def _issued(event: Any, when: When, _: Limits) -> Said:
    month = months.of_text(event.month)
    notes: list[Note] = [(Kind.ELDER, event.elder_id, people.knows_voucher, (month, when.month))]
    return notes, [(Measure.ISSUED_FEN, event.area_code, month, event.issued_fen)]
