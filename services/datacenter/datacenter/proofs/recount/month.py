"""The recount of one month, put together from its parts."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from functools import partial

from google.protobuf.message import Message

from datacenter.limits import Limits
from datacenter.proofs.recount import people, places, work
from datacenter.proofs.recount.counting import Figures, Month, Part

Handled = Callable[[Message, datetime, int], None]


class Recount:
    """One month. month: `YYYY-MM`. Every event is shown to `take` once, in any order."""

    def __init__(self, month: str, limits: Limits) -> None:
        self._month, self.events = Month(month, limits), 0
        self._parts: list[Part] = []
        self._handlers: defaultdict[str, list[Handled]] = defaultdict(list)
        for part, counts in (
            (people.People(self._month), people.counts),
            (places.Places(self._month), places.counts),
            (work.Work(self._month), work.counts),
        ):
            self._parts.append(part)
            for name, handler in counts.by_name.items():
                self._handlers[name].append(partial(handler, part))

    def take(self, event: Message, time: datetime, sequence: int) -> None:
        """Takes an event into account. time: its business time. sequence: the version of its
        aggregate.
        """
        self.events += 1
        for handler in self._handlers.get(event.DESCRIPTOR.full_name, ()):
            handler(event, time, sequence)

    @property
    def counted(self) -> set[str]:
        """Full names of the events that any figure depends on."""
        return set(self._handlers)

    def figures(self) -> Figures:
        """Numerator and denominator of every figure and area, also where both are zero in the area
        itself; asked once, at the end.
        """
        for part in self._parts:
            part.count()
        return self._month.figures()
