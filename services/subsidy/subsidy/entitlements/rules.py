"""The states of an entitlement; the days on which a ground holds, and the months that it gives.
Pure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from subsidy.policies.rules import MonthDue
from subsidy.runs.rules import first_day, month_after


class State(IntEnum):
    """Entitlement.State."""

    OPEN = 1
    REFUSED = 2
    CLOSED = 3
    SUSPENDED = 4


Holds = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Interval:
    """The days [since, until); until: None where it has no end that is known."""

    since: date
    until: date | None

    def holds_on(self, day: date) -> bool:
        """Whether the day is one of it."""
        return self.since <= day and (self.until is None or day < self.until)


def intervals(holds: Holds, edges: Sequence[date], through: date) -> list[Interval]:
    """The days up to one on which something holds, in order; between two edges it does not change.

    >>> march = [date(2026, 3, day) for day in range(1, 32)]
    >>> odd = intervals(lambda day: day.day in (2, 3, 9), march, date(2026, 3, 9))
    >>> [(one.since.day, one.until and one.until.day) for one in odd]
    [(2, 4), (9, None)]
    """
    found: list[Interval] = []
    since: date | None = None
    for edge in edges:
        if edge > through:
            break
        now = holds(edge)
        if now and since is None:
            since = edge
        elif not now and since is not None:
            found.append(Interval(since, edge))
            since = None
    return found + ([] if since is None else [Interval(since, None)])


def first_held(holds: Holds, edges: Sequence[date], month: str, through: date) -> date | None:
    """The first day of a month, up to a day, on which something holds; None where it never does."""
    first, end = first_day(month), first_day(month_after(month))
    begins = [edge for edge in edges if first < edge < end and edge <= through]
    if edges and edges[0] <= first:
        begins.insert(0, first)
    return next((day for day in begins if holds(day)), None)


def first_due(
    holds: Holds, edges: Sequence[date], month: str, through: date, rule: MonthDue
) -> date | None:
    """The day by which a month is due, as far as is known up to a day; None where it is not.

    >>> edges, today = [date(2026, 3, 5), date(2026, 4, 3)], date(2026, 5, 1)
    >>> holds = lambda day: edges[0] <= day < edges[1]
    >>> for rule in MonthDue:
    ...     print([f"{first_due(holds, edges, f'2026-0{at}', today, rule)}" for at in (3, 4, 5)])
    ['2026-03-05', '2026-04-01', 'None']
    ['None', '2026-04-01', 'None']
    """
    day = first_held(holds, edges, month, through)
    return day if rule is MonthDue.ANY_DAY or day == first_day(month) else None


def months_between(first: str, last: str) -> Iterator[str]:
    """The months from one to another, both included.

    >>> list(months_between("2025-12", "2026-02"))
    ['2025-12', '2026-01', '2026-02']
    """
    while first <= last:
        yield first
        first = month_after(first)
