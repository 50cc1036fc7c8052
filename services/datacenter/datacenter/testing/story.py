"""What the services of a seeded small city say, in the making."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from google.protobuf.message import Message

from datacenter.testing.records import DatedEvent
from datacenter.testing.villages import villages
from kit.messaging.outbox import route

BEGIN = datetime(2025, 1, 1, 1, tzinfo=UTC)

M = TypeVar("M", bound=Message)
Fields = Mapping[str, object]


def made(message: type[M], /, *same: Fields, **fields: object) -> M:
    """A message of these fields, those that it has in common with others first."""
    known: dict[str, object] = {}
    for each in same:
        known |= each
    return message(**known | fields)


class Story:
    """What happened so far. chance, lateness: the only sources of chance; two stories of one seed
    are the same.
    """

    def __init__(
        self, seed: int, *, places: int = 6, months: int = 4, begin: datetime = BEGIN
    ) -> None:
        self.chance = random.Random(seed)
        self.lateness = random.Random(seed)  # its own: when something is told changes nothing else
        self.places = self.chance.sample(villages(), places)
        self.begin, self.span = begin, timedelta(days=30 * months)
        self.events: list[tuple[Message, datetime]] = []
        self.organisation, self.worker_ids = self.new_id(), [self.new_id() for _ in range(3)]

    def new_id(self) -> str:
        """An id of the day on which the story begins."""
        stamp = int(self.begin.timestamp() * 1000)
        return str(UUID(int=stamp << 80 | 7 << 76 | 2 << 62 | self.chance.getrandbits(62)))

    def some_time(self) -> datetime:
        """Any time of the story."""
        return self.begin + self.chance.random() * self.span

    def later(self, after: datetime, days: float) -> datetime:
        """Up to so many days after."""
        return after + timedelta(days=self.chance.random() * days + 0.01)

    def happens(self, share: float) -> bool:
        """Whether something happens that does so in this share of all cases."""
        return self.chance.random() < share

    def reported(self, at: datetime) -> datetime:
        """When something is told that was so from an instant on: at once, or weeks later."""
        if self.lateness.random() >= 0.25:
            return at
        return at + timedelta(days=self.lateness.random() * 80 + 0.01)

    def say(self, event: Message, time: datetime) -> None:
        """Adds an event as it is now."""
        self.events.append((type(event).FromString(event.SerializeToString()), time))

    def ordered(self) -> list[DatedEvent]:
        """All events in the order of business time, each with its aggregate's version."""
        versions: dict[tuple[str, str], int] = {}
        found = []
        for event, time in sorted(self.events, key=lambda pair: pair[1]):
            where = route(type(event))
            key = (where.topic, where.key(event))
            versions[key] = versions.get(key, 0) + 1
            found.append(DatedEvent(event, time, versions[key]))
        return found
