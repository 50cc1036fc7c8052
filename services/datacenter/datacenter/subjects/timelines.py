"""What was in force at the end of which month, from states that may arrive in any order. Pure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Entry(Protocol):
    """A named tuple that begins with its month; the rest is its rank, and the greater rank of two
    is the newer state.
    """

    @property
    def month(self) -> int: ...


E = TypeVar("E", bound=Entry)


def put(entries: list[tuple[object, ...]], entry: tuple[object, ...]) -> None:
    """Keeps a state where no newer one of the same or an earlier month hides it; what it hides
    itself goes.

    >>> known = [(10, 1, "a")]
    >>> put(known, (12, 3, "c")); put(known, (11, 2, "b")); put(known, (12, 2, "b")); known
    [(10, 1, 'a'), (11, 2, 'b'), (12, 3, 'c')]
    """
    month, rank = entry[0], entry[1:]
    place = 0
    for known in entries:
        if known[0] <= month:  # type: ignore[operator]  # both are months
            if known[1:] >= rank:
                return
            if known[0] < month:  # type: ignore[operator]
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
        if entry[0] > month:  # type: ignore[index]  # `entry.month`, without a descriptor's price
            break
        found = entry
    return found
