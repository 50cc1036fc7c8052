"""An elder: who lives where and how, how able, and what they are given."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, NamedTuple

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.facility.v1 import events_pb2 as facility
from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter import months
from datacenter.limits import Limits
from datacenter.months import YEAR
from datacenter.subjects import timelines
from datacenter.subjects.declaration import NOTHING, State, Subject, When
from datacenter.subjects.merges import each, newest, newest_of_each
from datacenter.subjects.organisation import Organisation, organisation
from datacenter.subjects.results import Result, valid_level
from datacenter.subjects.timelines import Entry

_Elder = assessment.Elder
APART = frozenset((_Elder.LIVING_ALONE, _Elder.LIVING_SPOUSE_ONLY))
SPECIAL_LIVING = APART | {_Elder.LIVING_LEFT_BEHIND}
SPECIAL_HARDSHIP = frozenset(
    (_Elder.HARDSHIP_SEVERELY_HANDICAPPED, _Elder.HARDSHIP_PLANNED_FAMILY_SPECIAL)
)
BASIC = frozenset((_Elder.HARDSHIP_DIBAO, _Elder.HARDSHIP_TEKUN))
HELPED = BASIC | {_Elder.HARDSHIP_LOW_INCOME}


# What one version of an elder's state says, each part from the month of the day it is of: that of a
# death, whenever it was told. A newer version hides what older ones say of that month and later.


class Identity(NamedTuple):
    """Who it is, as of the registration: what is corrected was so all along."""

    month: int
    sequence: int
    born_month: int
    sex: int


class Life(NamedTuple):
    """Whether the elder lives, and in the city: dead or gone from the day of it.

    is_last: of the two that one version has, where it takes back an earlier day.
    """

    month: int
    sequence: int
    is_last: bool
    is_alive: bool


class Dwelling(NamedTuple):
    """Where the elder lives."""

    month: int
    sequence: int
    area: str


class Household(NamedTuple):
    """With whom the elder lives, and whether all basic facts are known."""

    month: int
    sequence: int
    living: int
    is_complete: bool


class Hardship(NamedTuple):
    """The groups of hardship that the elder belongs to."""

    month: int
    sequence: int
    hardships: Collection[int]


class Allowance(NamedTuple):
    """A cash subsidy is open from the month of its first day, or ended from that of the first day
    without it.
    """

    month: int
    sequence: int
    at: int
    policy_code: str
    is_open: bool


class Elder(State):
    """What is known of an elder, all by the month of the day it is of."""

    identities: Annotated[Sequence[Identity], newest, "birth and sex"] = ()
    lives: Annotated[Sequence[Life], newest, "alive and here, or not"] = ()
    dwellings: Annotated[Sequence[Dwelling], newest, "the area"] = ()
    households: Annotated[Sequence[Household], newest, "living and completeness"] = ()
    hardships: Annotated[Sequence[Hardship], newest, "groups of hardship"] = ()
    results: Annotated[Sequence[Result], newest, "results in force"] = ()
    allowances: Annotated[
        Mapping[str, Sequence[Allowance]], newest_of_each, "cash subsidies, by entitlement"
    ] = NOTHING
    voucher_months: Annotated[
        Sequence[int], each, "months of vouchers that were issued, whenever that was"
    ] = ()
    homes: Annotated[Sequence[str], each, "organisations with which the elder ever stayed"] = ()


class ElderThen(NamedTuple):
    """A living elder at the end of a month. level: of the valid result. policies: codes of the cash
    subsidies that are open.
    """

    area: str
    is_old: bool
    is_oldest: bool
    sex: int
    living: int
    hardships: tuple[int, ...]
    is_complete: bool
    level: int | None
    policies: tuple[str, ...]

    @property
    def is_assessed(self) -> bool:
        """With a valid result."""
        return self.level is not None

    @property
    def is_basic(self) -> bool:
        """In dibao or tekun."""
        return not BASIC.isdisjoint(self.hardships)

    @property
    def is_poor(self) -> bool:
        """Poor enough for the care subsidy."""
        return not HELPED.isdisjoint(self.hardships)

    def is_dependent(self, limits: Limits) -> bool:
        """Of dependent_level and worse."""
        return self.level is not None and self.level >= limits.dependent_level

    def is_special(self, limits: Limits) -> bool:
        """In special hardship (特殊困难老年人)."""
        return (
            self.is_dependent(limits)
            or self.living in SPECIAL_LIVING
            or not SPECIAL_HARDSHIP.isdisjoint(self.hardships)
        )

    def is_care_eligible(self, limits: Limits) -> bool:
        """Of care_level and worse, and poor enough for the care subsidy."""
        return self.level is not None and self.level >= limits.care_level and self.is_poor


elder = Subject("elder", 1, Elder)


@elder.on(
    assessment.ElderRegistered, assessment.ElderChanged, assessment.ElderDied, id="elder.elder_id"
)
def _registered(
    event: assessment.ElderRegistered | assessment.ElderChanged | assessment.ElderDied,
    when: When,
    _: Limits,
) -> Elder:
    state, sequence, month = event.elder, when.sequence, when.month
    registered = months.of_seconds(state.registered_at.seconds)
    born = months.of_text(state.born_on)
    return Elder(
        identities=(Identity(registered, sequence, born, state.sex),),
        lives=tuple(_lives(state, month, sequence)),
        dwellings=(Dwelling(month, sequence, state.area_code),),
        households=(Household(month, sequence, state.living, state.complete),),
        hardships=(Hardship(month, sequence, sorted(state.hardships)),),
    )


def _lives(state: assessment.Elder, month: int, sequence: int) -> Iterator[Life]:
    """month: of the event, which counts where the state names no day."""
    is_here = state.status == _Elder.STATUS_ALIVE
    gone_on = {_Elder.STATUS_DEAD: state.died_on, _Elder.STATUS_MOVED_OUT: state.moved_out_on}
    named = gone_on.get(state.status) or state.effective_on
    since = months.of_text(named) if named else month
    if not is_here and state.effective_on and months.of_text(state.effective_on) < since:
        # of a day of before that was wrong
        yield Life(months.of_text(state.effective_on), sequence, False, True)
    yield Life(since, sequence, True, is_here)


@elder.on(assessment.AssessmentApproved, id="elder_id")
def _approved(event: assessment.AssessmentApproved, when: When, _: Limits) -> Elder:
    first, end = months.of_text(event.valid_from), months.of_text(event.valid_to)
    approved = months.of_seconds(event.approved_at.seconds)
    result = Result(approved, when.at, event.assessment_id, first, end, event.level)
    return Elder(results=(result,))


@elder.on(subsidy.EntitlementOpened, id="elder_id")
def _opened(event: subsidy.EntitlementOpened, when: When, _: Limits) -> Elder | None:
    return _entitled(event, months.of_text(event.valid_from), when, True)


@elder.on(subsidy.EntitlementClosed, id="elder_id")
def _closed(event: subsidy.EntitlementClosed, when: When, _: Limits) -> Elder | None:
    return _entitled(event, months.of_text(event.closed_on), when, False)


@elder.on(subsidy.EntitlementRefused, id="elder_id")
def _refused(event: subsidy.EntitlementRefused, when: When, _: Limits) -> Elder | None:
    return _entitled(event, months.of_seconds(event.refused_at.seconds), when, False)


def _entitled(
    event: subsidy.EntitlementOpened | subsidy.EntitlementRefused | subsidy.EntitlementClosed,
    month: int,
    when: When,
    is_open: bool,
) -> Elder | None:
    if event.kind != subsidy.Policy.KIND_CASH:
        return None
    allowance = Allowance(month, when.sequence, when.at, event.policy_code, is_open)
    return Elder(allowances={event.entitlement_id: (allowance,)})


@elder.on(subsidy.VoucherIssued, id="elder_id")
def _issued(event: subsidy.VoucherIssued, _: When, __: Limits) -> Elder:
    return Elder(voucher_months=(months.of_text(event.month),))


@elder.on(facility.StayBegan, id="elder_id")
def _admitted(event: facility.StayBegan, _: When, __: Limits) -> Elder:
    return Elder(homes=(event.organisation_id,))


@elder.tells(organisation)
def _results_of_resident(id: str, elder: Elder) -> Iterator[tuple[str, Organisation]]:
    """An institution needs caregivers by the levels of its residents."""
    if elder.results:
        for home in elder.homes:
            yield home, Organisation(results={id: elder.results})


def _turns(elder: Elder, limits: Limits) -> Iterator[int]:
    if not elder.identities:
        return
    begin = elder.identities[0].month
    yield begin
    for identity in elder.identities:
        for years in (limits.old_years, limits.oldest_years):
            yield max(begin, identity.born_month + years * YEAR)
    parts: tuple[Sequence[Entry], ...] = (
        elder.identities,
        elder.lives,
        elder.dwellings,
        elder.households,
        elder.hardships,
        *elder.allowances.values(),
    )
    for entries in parts:
        for entry in entries:
            yield max(begin, entry.month)
    for result in elder.results:
        for month in (result.month, result.first_month, result.end_month):
            yield max(begin, month)


def _then(elder: Elder, month: int, limits: Limits) -> ElderThen | None:
    identity = timelines.at(elder.identities, month)
    life = timelines.at(elder.lives, month)
    if identity is None or life is None or not life.is_alive:
        return None
    dwelling = timelines.at(elder.dwellings, month)
    household = timelines.at(elder.households, month)
    hardship = timelines.at(elder.hardships, month)
    if dwelling is None or household is None or hardship is None:
        return None
    age = month - identity.born_month
    return ElderThen(
        dwelling.area,
        age >= limits.old_years * YEAR,
        age >= limits.oldest_years * YEAR,
        identity.sex,
        household.living,
        tuple(hardship.hardships),
        household.is_complete,
        valid_level(elder.results, month) if elder.results else None,
        _policies(elder, month) if elder.allowances else (),
    )


def _policies(elder: Elder, month: int) -> tuple[str, ...]:
    codes = []
    for allowances in elder.allowances.values():
        newest = timelines.at(allowances, month)
        if newest is not None and newest.is_open:
            codes.append(newest.policy_code)
    return tuple(sorted(codes))


at_month_end = elder.stocks(_turns, _then)
at_month_end.dimension("sex", lambda then: then.sex, FEMALE=_Elder.SEX_FEMALE, MALE=_Elder.SEX_MALE)
stock = at_month_end.measure

stock("ALIVE", "living elders")
stock("ALIVE_65", "living elders of old_years and more", lambda then, _: then.is_old)
stock("ALIVE_80", "living elders of oldest_years and more", lambda then, _: then.is_oldest)
stock("ALONE", "living alone or only with the spouse", lambda then, _: then.living in APART)
stock("COMPLETE", "of whom all basic facts are known", lambda then, _: then.is_complete)
stock("SPECIAL", "in special hardship (特殊困难老年人), each once", ElderThen.is_special)
stock("BASIC", "in dibao or tekun", lambda then, _: then.is_basic)
stock(
    "BASIC_ASSESSED",
    "in dibao or tekun with a valid result",
    lambda then, _: then.is_assessed and then.is_basic,
)
stock("ASSESSED", "with a valid result", lambda then, _: then.is_assessed)
stock(
    "ASSESSED_65",
    "of old_years and more with a valid result",
    lambda then, _: then.is_old and then.is_assessed,
)
stock("DEPENDENT", "of dependent_level and worse", ElderThen.is_dependent)
stock("POOR", "in dibao, tekun or of low income", lambda then, _: then.is_poor)
stock(
    "POOR_UNASSESSED",
    "in dibao, tekun or of low income without a valid result",
    lambda then, _: then.is_poor and not then.is_assessed,
)
stock("CARE_ELIGIBLE", "to be given the care subsidy", ElderThen.is_care_eligible)
stock(
    "CARE_GIVEN",
    "eligible for the care subsidy, with an open cash entitlement of care_policy",
    lambda then, limits: then.is_care_eligible(limits) and limits.care_policy in then.policies,
)
stock(
    "AGE_GIVEN",
    "of oldest_years and more with an open cash entitlement of age_policy",
    lambda then, limits: then.is_oldest and limits.age_policy in then.policies,
)

at_end_of_voucher_month = at_month_end.flows_in(lambda elder: elder.voucher_months)
at_end_of_voucher_month.measure(
    "VOUCHERED", "dependent with a voucher of the month", ElderThen.is_dependent
)
