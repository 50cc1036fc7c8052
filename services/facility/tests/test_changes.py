"""Both registers are changed, suspended, resumed and closed, and tell it, on a real PostgreSQL."""

from uuid import UUID

import pytest
from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events

from facility.changes.errors import ImpossibleSuspension, NothingToChange, NotSuspended
from facility.days import ImpossibleDay
from facility.facilities import flows as facilities
from facility.facilities import queries as facility_queries
from facility.facilities.errors import (
    BedsTaken,
    FacilityIsClosed,
    FacilitySuspended,
    PlannedForLater,
    StillLivedIn,
    TooManyNursingBeds,
)
from facility.organisations import flows as organisations
from facility.organisations import queries as organisation_queries
from facility.organisations.errors import (
    FacilitiesOpen,
    FarFromCounty,
    HalfAPosition,
    OrganisationClosed,
    OrganisationSuspended,
)
from facility.testing import (
    CONTEXT,
    OFFICIAL,
    TODAY,
    a_facility,
    admit,
    an_official,
    elder,
    emitted,
    facility,
    organisation,
    worker,
)
from kit.contracts.refusals import NotFound, Outdated, Refusal
from kit.db.store import Session

TOMORROW, LATER = "2026-03-03", "2026-03-10"


def of(made: events.Organisation | events.Facility) -> dict[str, str]:
    """The key of a register's entry, as commands name it."""
    if isinstance(made, events.Facility):
        return {"facility_id": made.facility_id}
    return {"organisation_id": made.organisation_id}


async def test_a_change_is_published_and_kept_with_what_was_before(session: Session):
    firm = await organisation(session)
    new = api.ChangeOrganisation(**of(firm), name="新名称", business_phone="0550-3012345")

    changed = (await organisations.change(session, new, OFFICIAL, CONTEXT)).organisation

    await session.flush()
    page = await organisation_queries.changes(session, api.GetOrganisation(**of(firm)), OFFICIAL)
    assert (changed.name, changed.business_phone, changed.lon) == (
        "新名称",
        "0550-3012345",
        firm.lon,
    )
    assert [(row.action, row.version, row.recorded_by) for row in page.rows] == [
        ("change", 2, OFFICIAL.subject)
    ]
    assert (page.rows[0].organisation_before, page.rows[0].organisation_after) == (firm, changed)


async def test_of_two_changes_of_one_version_the_second_is_refused(session: Session):
    firm, house = await organisation(session), await facility(session)
    first = api.ChangeOrganisation(**of(firm), name="一", version=1)
    await organisations.change(session, first, OFFICIAL, CONTEXT)
    await facilities.change(session, api.ChangeFacility(**of(house), name="一"), OFFICIAL)

    with pytest.raises(Outdated):
        await organisations.close(
            session, api.CloseOrganisation(**of(firm), version=1, reason="x"), OFFICIAL
        )
    with pytest.raises(Outdated):
        await facilities.close(session, api.CloseFacility(**of(house), version=1), OFFICIAL)


async def test_a_suspended_firm_gets_nothing_new_until_it_is_resumed(session: Session):
    house = await facility(session)
    firm = api.GetOrganisation(organisation_id=house.organisation_id)
    suspend = api.SuspendOrganisation(
        organisation_id=house.organisation_id, suspended_from=TODAY, reason="整改"
    )
    resume = api.ResumeOrganisation(organisation_id=house.organisation_id, reason="整改完成")

    suspended = (await organisations.suspend(session, suspend, OFFICIAL)).organisation

    assert (suspended.suspended_from, suspended.HasField("suspended_to")) == (TODAY, False)
    assert suspended.status == events.Organisation.STATUS_ACTIVE
    with pytest.raises(OrganisationSuspended):
        await admit(session, house.facility_id, await elder(session))
    with pytest.raises(OrganisationSuspended):
        await facilities.open_(session, a_facility(house.organisation_id), OFFICIAL, CONTEXT)
    await organisations.resume(session, resume, OFFICIAL)
    await admit(session, house.facility_id, await elder(session))
    with pytest.raises(NotSuspended):
        await organisations.resume(session, resume, OFFICIAL)
    await session.flush()
    page = await organisation_queries.changes(session, firm, OFFICIAL)
    assert [(row.action, row.reason) for row in page.rows] == [
        ("suspend", "整改"),
        ("resume", "整改完成"),
    ]


async def test_a_suspended_house_admits_nobody_on_its_days_alone(session: Session):
    house = await facility(session)
    ended = api.SuspendFacility(
        **of(house), suspended_from="2026-02-20", suspended_to=TODAY, reason="消防"
    )
    await facilities.suspend(session, ended, OFFICIAL)

    with pytest.raises(FacilitySuspended):
        await admit(session, house.facility_id, await elder(session), "2026-03-01")
    await admit(session, house.facility_id, await elder(session), TODAY)


async def test_a_suspension_ends_after_it_begins(session: Session):
    firm = await organisation(session)
    command = api.SuspendOrganisation(
        **of(firm), suspended_from=TODAY, suspended_to=TODAY, reason="x"
    )

    with pytest.raises(ImpossibleSuspension):
        await organisations.suspend(session, command, OFFICIAL)


async def test_a_firm_closes_without_facilities_and_its_workers_leave(session: Session):
    house = await facility(session)
    person = await worker(session, house.organisation_id)
    close = api.CloseOrganisation(organisation_id=house.organisation_id, reason="注销")
    with pytest.raises(FacilitiesOpen) as refused:
        await organisations.close(session, close, OFFICIAL)
    assert house.facility_id in str(refused.value)
    await facilities.close(session, api.CloseFacility(**of(house)), OFFICIAL)

    closed = (await organisations.close(session, close, OFFICIAL)).organisation

    assert (closed.status, closed.closed_on) == (events.Organisation.STATUS_CLOSED, TODAY)
    assert [
        (one.worker.worker_id, one.worker.left_on) for one in emitted(session, events.WorkerLeft)
    ] == [(person.worker_id, TODAY)]
    with pytest.raises(OrganisationClosed):
        await worker(session, house.organisation_id)
    with pytest.raises(OrganisationClosed):
        await organisations.close(session, close, OFFICIAL)


async def test_a_closing_names_the_stays_in_its_way_and_the_day_from_which_it_holds(
    session: Session,
):
    house = await facility(session)
    stay = await admit(session, house.facility_id, await elder(session))
    with pytest.raises(StillLivedIn) as refused:
        await facilities.close(session, api.CloseFacility(**of(house)), OFFICIAL)
    assert stay.stay_id in str(refused.value)
    empty = await facility(session)
    with pytest.raises(ImpossibleDay):
        await facilities.close(
            session, api.CloseFacility(**of(empty), closed_on=TOMORROW), OFFICIAL
        )

    closed = await facilities.close(
        session, api.CloseFacility(**of(empty), closed_on=TODAY), OFFICIAL
    )

    assert (closed.facility.closed_on, closed.facility.valid_from) == (TODAY, TODAY)
    with pytest.raises(FacilityIsClosed):
        await facilities.change(session, api.ChangeFacility(**of(empty), name="x"), OFFICIAL)


async def test_a_capacity_follows_its_first_day(session: Session):
    house = await facility(session, beds=3, nursing_beds=1)
    grow = api.ChangeFacility(**of(house), beds=5, nursing_beds=2)
    later = api.ChangeFacility(**of(house), beds=4, nursing_beds=2, valid_from=TOMORROW)

    grown = (await facilities.change(session, grow, OFFICIAL)).facility
    planned = (await facilities.change(session, later, OFFICIAL)).facility

    beds = await facility_queries.beds(session, api.GetFacility(**of(house)), OFFICIAL)
    assert sorted(bed.nursing for bed in beds.rows) == [False, False, False, True, True]
    assert (grown.beds, grown.valid_from) == (5, TODAY)
    assert (planned.beds, planned.planned_beds, planned.planned_from) == (5, 4, TOMORROW)
    assert [key[0] for key in session.timers] == [facilities.CAPACITY]
    await facilities.apply_capacity(session, UUID(house.facility_id))
    assert emitted(session, events.FacilityChanged)[-1].facility == planned  # not its day yet


async def test_beds_in_which_somebody_lies_do_not_go(session: Session):
    house = await facility(session, beds=2, nursing_beds=0)
    stay = await admit(session, house.facility_id, await elder(session))
    with pytest.raises(BedsTaken):
        await facilities.change(session, api.ChangeFacility(**of(house), beds=0), OFFICIAL)

    await facilities.change(session, api.ChangeFacility(**of(house), beds=1), OFFICIAL)

    await session.flush()
    beds = await facility_queries.beds(session, api.GetFacility(**of(house)), OFFICIAL)
    assert [bed.bed_id for bed in beds.rows] == [stay.bed_id]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({}, NothingToChange),
        ({"valid_from": TODAY}, NothingToChange),
        ({"nursing_beds": 9}, TooManyNursingBeds),
        ({"name": "x", "valid_from": LATER}, PlannedForLater),
        ({"beds": 9, "valid_from": "2020-01-01"}, ImpossibleDay),
    ],
)
async def test_a_wrong_change_is_refused(
    session: Session, given: dict[str, object], refusal: type[Refusal]
):
    house = await facility(session)

    with pytest.raises(refusal):
        await facilities.change(session, api.ChangeFacility(**of(house), **given), OFFICIAL)


async def test_half_a_position_or_one_far_from_the_county_is_refused(session: Session):
    firm = await organisation(session)

    swapped = api.ChangeOrganisation(**of(firm), lon=83.0, lat=32.3)
    with pytest.raises(FarFromCounty):
        await organisations.change(session, swapped, OFFICIAL, CONTEXT)
    with pytest.raises(HalfAPosition):
        await organisations.change(
            session, api.ChangeOrganisation(**of(firm), lon=118.0), OFFICIAL, CONTEXT
        )


async def test_an_official_of_another_county_changes_and_opens_nothing(session: Session):
    stranger, firm = an_official("341103000000"), await organisation(session)
    there = a_facility(firm.organisation_id, area_code="341103000000")

    with pytest.raises(NotFound):
        await organisations.change(
            session, api.ChangeOrganisation(**of(firm), name="x"), stranger, CONTEXT
        )
    with pytest.raises(NotFound):
        await facilities.open_(session, there, stranger, CONTEXT)
