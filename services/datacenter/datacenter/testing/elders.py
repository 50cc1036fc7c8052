"""What is told of an elder's life."""

from eldercare.assessment.v1 import events_pb2 as assessment

from datacenter.testing.assessments import an_elder_is_assessed
from datacenter.testing.story import BEGIN, Story, made
from datacenter.testing.villages import villages
from kit.contracts import ids
from kit.contracts.clock import local_day
from kit.contracts.wire import timestamp

_Elder = assessment.Elder


def an_elder(**given: object) -> assessment.Elder:
    """A woman of 75 who lives with her family in the first village."""
    values: dict[str, object] = {
        "elder_id": str(ids.new()),
        "area_code": villages()[0],
        "sex": _Elder.SEX_FEMALE,
        "born_on": "1950-05-20",
        "living": _Elder.LIVING_WITH_FAMILY,
        "hardships": [],
        "local_register": True,
        "complete": True,
        "status": _Elder.STATUS_ALIVE,
        "registered_at": timestamp(BEGIN),
    }
    return made(_Elder, values, given)


def an_elder_lives(story: Story) -> None:
    """Is registered, assessed perhaps, moves perhaps, and dies perhaps."""
    chance, at = story.chance, story.some_time()
    hardships = sorted(chance.sample(range(1, 7), chance.randrange(3)))
    state = an_elder(
        elder_id=story.new_id(),
        area_code=chance.choice(story.places),
        born_on=f"{chance.choice((1944, 1945, 1950, 1960))}-{chance.randrange(1, 13):02d}-10",
        living=chance.randrange(1, 6),
        hardships=hardships,
        complete=story.happens(0.9),
        sex=1 + len(story.events) % 2,
        registered_at=timestamp(at),
    )
    story.say(assessment.ElderRegistered(elder=state), at)
    elder = _Elder.FromString(state.SerializeToString())
    if story.happens(0.8):
        an_elder_is_assessed(story, elder, story.later(at, 20))
    changed = at
    if story.happens(0.4):
        state.area_code = chance.choice(story.places)
        state.living = chance.choice(_Elder.Living.values()[1:])
        changed = story.later(changed, 60)
        story.say(assessment.ElderChanged(elder=state), changed)
    if story.happens(0.2):
        state.status, state.died_on = _Elder.STATUS_DEAD, str(local_day(changed))
        story.say(assessment.ElderDied(elder=state), story.later(changed, 60))
