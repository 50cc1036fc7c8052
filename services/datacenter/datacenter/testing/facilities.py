"""What is told of facilities, of those who stay there, and of workers."""

from datetime import datetime

from eldercare.facility.v1 import events_pb2 as facility

from datacenter.testing.story import Fields, Story, made
from kit.contracts import areas
from kit.contracts.clock import local_day
from kit.contracts.wire import timestamp


def a_worker_works(story: Story, worker_id: str) -> None:
    """Begins, has the certificate renewed perhaps, and leaves perhaps."""
    chance, at = story.chance, story.some_time()
    state = facility.Worker(
        worker_id=worker_id,
        organisation_id=story.organisation,
        area_code=areas.at(chance.choice(story.places), areas.COUNTY),
        skills=[facility.HELP_MEAL],
        caregiver=story.happens(0.8),
        shift_from_min=480,
        shift_to_min=1080,
        status=facility.Worker.STATUS_ACTIVE,
        registered_at=timestamp(at),
        place_of_work=chance.choice(facility.Worker.PlaceOfWork.values()),
    )
    if story.happens(0.8):
        state.certified_until = str(local_day(story.some_time()))
    story.say(facility.WorkerRegistered(worker=state), at)
    if story.happens(0.5):
        state.certified_until = str(local_day(story.some_time()))
        at = story.later(at, 60)
        story.say(facility.WorkerChanged(worker=state), at)
    if story.happens(0.3):
        state.status = facility.Worker.STATUS_LEFT
        at = story.later(at, 60)
        if story.happens(0.5):
            state.left_on = str(local_day(at))
            at = story.later(at, 60)
        story.say(facility.WorkerLeft(worker=state), at)


def a_facility_opens(story: Story) -> None:
    """Opens, is lived in, grows perhaps, and closes perhaps."""
    chance, at = story.chance, story.some_time()
    beds = chance.randrange(5, 80)
    state = made(
        facility.Facility,
        facility_id=story.new_id(),
        organisation_id=story.organisation,
        area_code=chance.choice(story.places),
        name="养老服务站",
        tier=chance.randrange(1, 4),
        operation=chance.randrange(1, 4),
        beds=beds,
        nursing_beds=chance.randrange(beds),
        status=facility.Facility.STATUS_OPEN,
        opened_at=timestamp(at),
    )
    story.say(facility.FacilityOpened(facility=state), at)
    for _ in range(chance.randrange(3)):
        _somebody_stays(story, state, at)
    if story.happens(0.5):
        state.beds += 5
        at = story.later(at, 60)
        if story.happens(0.5):
            state.valid_from = str(local_day(at))
            at = story.later(at, 60)
        story.say(facility.FacilityChanged(facility=state), at)
    if story.happens(0.3):
        state.status = facility.Facility.STATUS_CLOSED
        at = story.later(at, 60)
        state.closed_on = state.valid_from = str(local_day(at))
        if story.happens(0.5):
            at = story.later(at, 60)
        story.say(facility.FacilityClosed(facility=state), at)


def _somebody_stays(story: Story, house: facility.Facility, opened: datetime) -> None:
    began = story.later(opened, 40)
    reported_at = story.reported(began)
    same: Fields = {
        "stay_id": story.new_id(),
        "facility_id": house.facility_id,
        "organisation_id": story.organisation,
        "bed_id": story.new_id(),
        "elder_id": story.new_id(),
        "area_code": house.area_code,
    }
    first = {"began_on": str(local_day(began)), "admitted_at": timestamp(reported_at)}
    story.say(made(facility.StayBegan, same, first), reported_at)
    if story.happens(0.5):
        left = story.later(began, 60)
        reported_at = max(reported_at, story.reported(left))
        ended = {"ended_on": str(local_day(left)), "discharged_at": timestamp(reported_at)}
        story.say(made(facility.StayEnded, same, ended), reported_at)
