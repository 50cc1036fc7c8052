"""Pages of organisations, and their caregivers against their residents."""

from eldercare.assessment.v1 import events_pb2 as assessment_events
from eldercare.facility.v1 import api_pb2 as api

from facility.organisations import queries
from facility.replicas import flows as replicas
from facility.testing import COUNTY, OFFICIAL, admit, elder, facility, organisation, worker
from kit.db.store import Session


async def test_staffing_counts_certified_caregivers_against_levels(session: Session):
    opened = await facility(session, beds=8)
    for level in (0, 4, 4, 4, None):
        person = await elder(session)
        await admit(session, opened.facility_id, person)
        if level is not None:
            event = assessment_events.AssessmentApproved(
                elder_id=person, level=level, valid_from="2026-01-01", valid_to="2027-01-01"
            )
            await replicas.keep_level(session, event)
    await worker(session, opened.organisation_id)
    await worker(session, opened.organisation_id, certified_until="2026-03-01")
    await worker(session, opened.organisation_id, caregiver=False)
    await worker(session, opened.organisation_id, place_of_work=2)  # visits homes

    staffing = await queries.staffing(
        session, api.GetOrganisation(organisation_id=opened.organisation_id), OFFICIAL
    )

    assert (
        staffing.residents,
        staffing.unassessed,
        staffing.required_caregivers,
        staffing.certified_caregivers,
        staffing.share,
    ) == (5, 1, 2, 1, 0.5)


async def test_pages_of_organisations_go_on_where_the_last_one_ended(session: Session):
    made = [(await organisation(session)).organisation_id for _ in range(3)]

    first = await queries.organisations(
        session, api.ListOrganisations(limit=2, area_code=COUNTY), OFFICIAL
    )
    second = await queries.organisations(
        session, api.ListOrganisations(limit=2, after=first.next), OFFICIAL
    )

    assert [row.organisation_id for row in (*first.rows, *second.rows)] == made
    assert second.next == ""
