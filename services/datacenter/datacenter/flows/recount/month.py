"""The recount of one month, put together from its parts."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from functools import partial

from google.protobuf.message import Message

from datacenter.flows.recount import people, places, work
from datacenter.flows.recount.counting import Figures, Month, Part
from datacenter.rules.measures import Limits

Heard = Callable[[Message, datetime, int], None]


class Recount:
    """One month. month: `YYYY-MM`. Every event is shown to `hear` once, in any order."""

    def __init__(self, month: str, limits: Limits) -> None:
        self._month, self.events = Month(month, limits), 0
        self._parts: list[Part] = []
        self._hearers: defaultdict[str, list[Heard]] = defaultdict(list)
        for part, counts in (
            (people.People(self._month), people.counts),
            (places.Places(self._month), places.counts),
            (work.Work(self._month), work.counts),
        ):
            self._parts.append(part)
            for name, hearer in counts.by_name.items():
                self._hearers[name].append(partial(hearer, part))

    def hear(self, event: Message, time: datetime, sequence: int) -> None:
        """Takes an event into account. time: its business time. sequence: the version of its
        aggregate.
        """
        self.events += 1
        for hearer in self._hearers.get(event.DESCRIPTOR.full_name, ()):
            hearer(event, time, sequence)

    @property
    def counted(self) -> set[str]:
        """Full names of the events that any figure depends on."""
        return set(self._hearers)

    def figures(self) -> Figures:
        """Numerator and denominator of every figure and area, also where both are zero in the area
        itself; asked once, at the end.
        """
        for part in self._parts:
            part.count()
        return self._month.figures()
