"""What is told of organisations, and of a house that one of them keeps."""

from datetime import timedelta

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.facility.v1 import events_pb2 as facility

from datacenter.testing.story import Story, made
from kit.contracts import areas
from kit.contracts.clock import local_day
from kit.contracts.wire import timestamp

# of a house: how many residents of which level are just enough for one caregiver
RESIDENTS = ((10, 0), (6, 2), (3, 3))


def an_organisation_moves(story: Story, organisation_id: str) -> None:
    """It is registered, and moves to the county of another village half-way through."""
    state = facility.Organisation(
        organisation_id=organisation_id,
        credit_code="52341100MJ00000011",
        name="养老服务中心",
        kind=facility.Organisation.KIND_PRIVATE_NON_PROFIT,
        area_code=areas.at(story.places[0], areas.COUNTY),
        status=facility.Organisation.STATUS_ACTIVE,
        registered_at=timestamp(story.begin),
    )
    story.say(facility.OrganisationRegistered(organisation=state), story.begin)
    state.area_code = areas.at(story.places[-1], areas.COUNTY)
    story.say(facility.OrganisationChanged(organisation=state), story.begin + story.span / 2)


def a_house_is_staffed(story: Story, residents: int, level: int) -> None:
    """A house of residents of one level and one certified caregiver, just enough for them."""
    at = story.begin + timedelta(days=1)
    same = {"organisation_id": story.new_id(), "area_code": story.places[0]}
    house = made(
        facility.Facility,
        same,
        facility_id=story.new_id(),
        name="养老院",
        tier=facility.Facility.TIER_COUNTY,
        operation=facility.Facility.OPERATION_PUBLIC,
        beds=12,
        nursing_beds=8,
        status=facility.Facility.STATUS_OPEN,
        opened_at=timestamp(at),
    )
    caregiver = made(
        facility.Worker,
        same,
        worker_id=story.new_id(),
        skills=[1],
        caregiver=True,
        certified_until=str(local_day(story.begin + 2 * story.span)),
        status=facility.Worker.STATUS_ACTIVE,
        registered_at=timestamp(at),
    )
    an_organisation_moves(story, same["organisation_id"])
    story.say(facility.FacilityOpened(facility=house), at)
    story.say(facility.WorkerRegistered(worker=caregiver), at)
    for _ in range(residents):
        stay = made(
            facility.StayBegan,
            same,
            stay_id=story.new_id(),
            bed_id=story.new_id(),
            elder_id=story.new_id(),
            facility_id=house.facility_id,
            began_on=str(local_day(at)),
            admitted_at=timestamp(at),
        )
        story.say(stay, at)
        result = made(
            assessment.AssessmentApproved,
            assessment_id=story.new_id(),
            elder_id=stay.elder_id,
            area_code=stay.area_code,
            level=level,
            valid_from=str(local_day(at)),
            valid_to=str(local_day(story.begin + 2 * story.span)),
            approved_at=timestamp(at),
        )
        story.say(result, at)
