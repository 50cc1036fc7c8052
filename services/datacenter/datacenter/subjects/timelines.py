"""What was in force at the end of which month, from states that may arrive in any order. Pure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Entry(Protocol):
    """A named tuple that begins with its month; the rest is its rank, and the greater rank of two
    is the newer state.
    """

    @property
    def month(self) -> int: ...

    def __getitem__(self, places: slice, /) -> tuple[object, ...]: ...


E = TypeVar("E", bound=Entry)


def put(entries: list[E], entry: E) -> None:
    """Keeps a state where no newer one of the same or an earlier month hides it; what it hides
    itself goes.

    >>> from typing import NamedTuple
    >>> State = NamedTuple("State", [("month", int), ("version", int)])
    >>> known = [State(10, 1)]
    >>> put(known, State(12, 3)); put(known, State(11, 2)); put(known, State(12, 2))
    >>> [tuple(state) for state in known]
    [(10, 1), (11, 2), (12, 3)]
    """
    month, rank = entry.month, entry[1:]
    place = 0
    for known in entries:
        if known.month <= month:
            if known[1:] >= rank:
                return
            if known.month < month:
                place += 1
    entries[place:] = [entry, *(known for known in entries[place:] if known[1:] > rank)]


def at(entries: Sequence[E], month: int) -> E | None:
    """The state at the end of a month; None before the first.

    >>> from typing import NamedTuple
    >>> State = NamedTuple("State", [("month", int), ("version", int)])
    >>> at([State(10, 1), State(12, 2)], 11), at([State(10, 1)], 9)
    (State(month=10, version=1), None)
    """
    found = None
    for entry in entries:
        if entry.month > month:
            break
        found = entry
    return found
