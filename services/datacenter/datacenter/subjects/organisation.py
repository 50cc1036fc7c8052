"""An organisation that keeps institutions: whether its caregivers are enough for its residents."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Annotated, NamedTuple

from eldercare.facility.v1 import events_pb2 as facility

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects import timelines
from datacenter.subjects.declaration import NOTHING, State, Subject, When
from datacenter.subjects.merges import newest, newest_of_each
from datacenter.subjects.results import Result, valid_level


class Registration(NamedTuple):
    """The public state at one version."""

    month: int
    sequence: int
    at: int
    area: str


class Institution(NamedTuple):
    """A facility of the organisation at one version; institutions are those of the county tier."""

    month: int
    sequence: int
    at: int
    is_open_institution: bool


class Caregiver(NamedTuple):
    """A worker of the organisation at one version; who visits homes cares for none of its
    residents. See worker.WorkerState.
    """

    month: int
    sequence: int
    at: int
    is_caregiver: bool
    uncertified_month: int


class Residence(NamedTuple):
    """A stay with the organisation: its begin, or its end, which is the newer of the two."""

    month: int
    is_over: bool
    elder_id: str


class Organisation(State):
    """What is known of an organisation. A worker, a facility or a stay stays with its own."""

    registrations: Annotated[Sequence[Registration], newest, "the public state"] = ()
    institutions: Annotated[
        Mapping[str, Sequence[Institution]], newest_of_each, "its facilities, by id"
    ] = NOTHING
    caregivers: Annotated[
        Mapping[str, Sequence[Caregiver]], newest_of_each, "its workers, by id"
    ] = NOTHING
    residences: Annotated[
        Mapping[str, Sequence[Residence]], newest_of_each, "stays with it, by id"
    ] = NOTHING
    results: Annotated[
        Mapping[str, Sequence[Result]], newest_of_each, "results of those who stay, by elder"
    ] = NOTHING


class OrganisationThen(NamedTuple):
    """An organisation with an open institution at the end of a month: its certified caregivers, and
    its residents by what they need.
    """

    area: str
    certified: int
    dependent: int
    semi_dependent: int
    self_reliant: int

    def is_staffed(self, limits: Limits) -> bool:
        """Whether the caregivers are enough."""
        required = (
            Fraction(self.dependent, limits.dependent_per_caregiver)
            + Fraction(self.semi_dependent, limits.semi_dependent_per_caregiver)
            + Fraction(self.self_reliant, limits.self_reliant_per_caregiver)
        )
        return self.certified >= required


organisation = Subject("organisation", 10, Organisation)


@organisation.on(
    facility.OrganisationRegistered,
    facility.OrganisationChanged,
    id="organisation.organisation_id",
)
def _registered(
    event: facility.OrganisationRegistered | facility.OrganisationChanged, when: When, _: Limits
) -> Organisation:
    return Organisation(registrations=(Registration(*when, event.organisation.area_code),))


@organisation.on(
    facility.FacilityOpened,
    facility.FacilityChanged,
    facility.FacilityClosed,
    id="facility.organisation_id",
)
def _facility(
    event: facility.FacilityOpened | facility.FacilityChanged | facility.FacilityClosed,
    when: When,
    _: Limits,
) -> Organisation:
    state = event.facility
    is_open = state.status == facility.Facility.STATUS_OPEN
    now = Institution(
        *when.since(state.valid_from), is_open and state.tier == facility.Facility.TIER_COUNTY
    )
    return Organisation(institutions={state.facility_id: (now,)})


@organisation.on(
    facility.WorkerRegistered,
    facility.WorkerChanged,
    facility.WorkerLeft,
    id="worker.organisation_id",
)
def _worker(
    event: facility.WorkerRegistered | facility.WorkerChanged | facility.WorkerLeft,
    when: When,
    _: Limits,
) -> Organisation:
    state = event.worker
    is_caregiver = state.status == facility.Worker.STATUS_ACTIVE and state.caregiver
    cares_here = is_caregiver and state.place_of_work != facility.Worker.PLACE_OF_WORK_HOMES
    until = months.after(state.certified_until) if state.certified_until else 0
    now = Caregiver(*when.since(state.left_on), cares_here, until)
    return Organisation(caregivers={state.worker_id: (now,)})


@organisation.on(facility.StayBegan, id="organisation_id")
def _began(event: facility.StayBegan, _: When, __: Limits) -> Organisation:
    begun = Residence(months.of_text(event.began_on), False, event.elder_id)
    return Organisation(residences={event.stay_id: (begun,)})


@organisation.on(facility.StayEnded, id="organisation_id")
def _ended(event: facility.StayEnded, _: When, __: Limits) -> Organisation:
    ended = Residence(months.of_text(event.ended_on), True, event.elder_id)
    return Organisation(residences={event.stay_id: (ended,)})


def _turns(organisation: Organisation, _: Limits) -> Iterator[int]:
    if not organisation.institutions:
        return
    for registration in organisation.registrations:
        yield registration.month
    for institutions in organisation.institutions.values():
        for institution in institutions:
            yield institution.month
    for caregivers in organisation.caregivers.values():
        for caregiver in caregivers:
            yield caregiver.month
            if caregiver.uncertified_month > caregiver.month:
                yield caregiver.uncertified_month
    for residences in organisation.residences.values():
        for residence in residences:
            yield residence.month
    for results in organisation.results.values():
        for result in results:
            yield from (result.month, result.first_month, result.end_month)


def _then(organisation: Organisation, month: int, limits: Limits) -> OrganisationThen | None:
    registered = timelines.at(organisation.registrations, month)
    is_open = any(
        (institution := timelines.at(known, month)) is not None and institution.is_open_institution
        for known in organisation.institutions.values()
    )
    if registered is None or not is_open:
        return None
    levels = _levels(organisation, month)
    dependent = sum(level >= limits.dependent_resident_level for level in levels)
    semi_dependent = sum(level >= limits.semi_dependent_resident_level for level in levels)
    return OrganisationThen(
        registered.area,
        _certified(organisation, month),
        dependent,
        semi_dependent - dependent,
        len(levels) - semi_dependent,
    )


def _levels(organisation: Organisation, month: int) -> list[int]:
    """The valid level of each resident; who has no valid result counts as able."""
    stays = (timelines.at(known, month) for known in organisation.residences.values())
    residents = [stay.elder_id for stay in stays if stay is not None and not stay.is_over]
    return [valid_level(organisation.results.get(one, ()), month) or 0 for one in residents]


def _certified(organisation: Organisation, month: int) -> int:
    workers = (timelines.at(known, month) for known in organisation.caregivers.values())
    return sum(
        worker is not None and worker.is_caregiver and month < worker.uncertified_month
        for worker in workers
    )


stock = organisation.stocks(_turns, _then).measure

stock("INSTITUTIONS", "organisations with an open institution")
stock(
    "INSTITUTIONS_STAFFED",
    "of these, with certified caregivers enough for their residents",
    lambda then, limits: then.is_staffed(limits),
)
stock("STAFF_CERTIFIED", "certified caregivers of these", lambda then, _: then.certified)
stock("RESIDENTS_DEPENDENT", "dependent residents of these", lambda then, _: then.dependent)
stock(
    "RESIDENTS_SEMI_DEPENDENT",
    "semi-dependent residents of these",
    lambda then, _: then.semi_dependent,
)
stock(
    "RESIDENTS_SELF_RELIANT",
    "residents of these who need the least, or have no valid result",
    lambda then, _: then.self_reliant,
)


@organisation.made_of
def _parts(organisation: Organisation) -> Iterator[str]:
    """Facilities, workers, stays, and elders for their results."""
    yield from organisation.institutions
    yield from organisation.caregivers
    yield from organisation.residences
    yield from organisation.results
