"""The recount of one month, put together from its parts."""

from collections import defaultdict
from datetime import date, datetime
from typing import TypeVar

from google.protobuf.message import Message

from datacenter.limits import Limits
from datacenter.proofs.recount import assessments, facilities, money, orders, people, staff, visits
from datacenter.proofs.recount.counting import Handled, Handlers, Measures, Month, Part

P = TypeVar("P", bound=Part)


class Recount:
    """One month, as it is on a day. month: `YYYY-MM`. today: the day; by default all is due. Every
    event is shown to `take` once, in any order.
    """

    def __init__(self, month: str, limits: Limits, today: date = date.max) -> None:
        self._month, self.events = Month(month, limits, today), 0
        self._parts: list[Part] = []
        self._handlers: defaultdict[str, list[Handled]] = defaultdict(list)
        self._has(people.counts, people.People(self._month))
        self._has(facilities.counts, facilities.Facilities(self._month))
        self._has(staff.counts, staff.Staff(self._month))
        self._has(assessments.counts, assessments.Assessments(self._month))
        self._has(money.counts, money.Money(self._month))
        self._has(orders.counts, orders.Orders(self._month))
        self._has(visits.counts, visits.Visits(self._month))

    def _has(self, counts: Handlers[P], part: P) -> None:
        self._parts.append(part)
        self._month.declare(counts.measures)
        for name, handler in counts.of(part):
            self._handlers[name].append(handler)

    def take(self, event: Message, time: datetime, sequence: int) -> None:
        """Takes an event into account. time: its business time. sequence: the version of its
        aggregate.
        """
        self.events += 1
        for handler in self._handlers.get(event.DESCRIPTOR.full_name, ()):
            handler(event, time, sequence)

    @property
    def counted(self) -> set[str]:
        """Full names of the events that any measure depends on."""
        return set(self._handlers)

    def measures(self) -> Measures:
        """Every measure in every area from the city down, also where it is zero; asked once, at the
        end.
        """
        for part in self._parts:
            part.count()
        return self._month.measures()
