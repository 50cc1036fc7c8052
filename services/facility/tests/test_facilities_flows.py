"""Facilities open and close, on a real PostgreSQL."""

import pytest
from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events

from facility.facilities import flows as facilities
from facility.facilities import queries
from facility.facilities.errors import (
    FacilityIsClosed,
    OpenAlready,
    StillLivedIn,
    TooManyNursingBeds,
)
from facility.testing import (
    CONTEXT,
    OFFICIAL,
    a_facility,
    admit,
    discharge,
    elder,
    facility,
)
from kit.db.store import Session


async def test_a_facility_opens_with_its_beds(session: Session):
    opened = await facility(session, beds=5, nursing_beds=2)

    page = await queries.beds(session, api.GetFacility(facility_id=opened.facility_id), OFFICIAL)
    assert sorted(bed.nursing for bed in page.rows) == [False, False, False, True, True]
    assert {bed.elder_id for bed in page.rows} == {""}


async def test_more_nursing_beds_than_beds_are_refused(session: Session):
    with pytest.raises(TooManyNursingBeds):
        await facility(session, beds=2, nursing_beds=3)


async def test_a_facility_with_residents_does_not_close(session: Session):
    opened, person = await facility(session), await elder(session)
    began = await admit(session, opened.facility_id, person)
    close = api.CloseFacility(facility_id=opened.facility_id)
    with pytest.raises(StillLivedIn):
        await facilities.close(session, close, OFFICIAL)
    await discharge(session, began.stay_id)

    assert (
        await facilities.close(session, close, OFFICIAL)
    ).facility.status == events.Facility.STATUS_CLOSED
    with pytest.raises(FacilityIsClosed):
        await admit(session, opened.facility_id, person)


async def test_an_organisation_opens_a_facility_of_one_name_once(session: Session):
    first = await facility(session, name="安康养老院（一院）")
    again = a_facility(first.organisation_id, name="安康 养老院(一院)")

    with pytest.raises(OpenAlready) as refused:
        await facilities.open_(session, again, OFFICIAL, CONTEXT)

    assert str(first.facility_id) in str(refused.value)
    other = a_facility(first.organisation_id, name="安康养老院（二院）")
    await facilities.open_(session, other, OFFICIAL, CONTEXT)
