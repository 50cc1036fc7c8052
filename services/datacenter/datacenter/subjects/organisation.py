"""An organisation that keeps institutions: whether its caregivers are enough for its residents."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, NamedTuple

from eldercare.facility.v1 import events_pb2 as facility

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects import timelines
from datacenter.subjects.declaration import NOTHING, State, Subject, When
from datacenter.subjects.merges import newest, newest_of_each


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
    """A worker of the organisation at one version. See worker.WorkerState."""

    month: int
    sequence: int
    at: int
    is_caregiver: bool
    uncertified_month: int


class Residence(NamedTuple):
    """A stay with the organisation: its begin, or its end, which is the newer of the two."""

    month: int
    is_over: bool


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


class OrganisationThen(NamedTuple):
    """An organisation with an open institution at the end of a month."""

    area: str
    is_staffed: bool


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
    now = Institution(*when, is_open and state.tier == facility.Facility.TIER_COUNTY)
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
    until = months.after(state.certified_until) if state.certified_until else 0
    return Organisation(caregivers={state.worker_id: (Caregiver(*when, is_caregiver, until),)})


@organisation.on(facility.StayBegan, id="organisation_id")
def _admitted(event: facility.StayBegan, _: When, __: Limits) -> Organisation:
    begun = Residence(months.of_seconds(event.admitted_at.seconds), False)
    return Organisation(residences={event.stay_id: (begun,)})


@organisation.on(facility.StayEnded, id="organisation_id")
def _discharged(event: facility.StayEnded, _: When, __: Limits) -> Organisation:
    ended = Residence(months.of_seconds(event.discharged_at.seconds), True)
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


def _then(organisation: Organisation, month: int, limits: Limits) -> OrganisationThen | None:
    registered = timelines.at(organisation.registrations, month)
    is_open = any(
        (institution := timelines.at(known, month)) is not None and institution.is_open_institution
        for known in organisation.institutions.values()
    )
    if registered is None or not is_open:
        return None
    residents = sum(
        (residence := timelines.at(known, month)) is not None and not residence.is_over
        for known in organisation.residences.values()
    )
    certified = sum(
        (caregiver := timelines.at(known, month)) is not None
        and caregiver.is_caregiver
        and month < caregiver.uncertified_month
        for known in organisation.caregivers.values()
    )
    return OrganisationThen(registered.area, certified * limits.persons_per_caregiver >= residents)


stock = organisation.stocks(_turns, _then).measure

stock("INSTITUTIONS", "organisations with an open institution")
stock(
    "INSTITUTIONS_STAFFED",
    "of these, with certified caregivers enough for their residents",
    lambda then, _: then.is_staffed,
)
