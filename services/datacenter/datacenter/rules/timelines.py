"""What was in force at the end of which month, from states that may arrive in any order."""

from typing import Any

Entry = list[Any]  # month, then its rank: the greater rank of two is the newer state


def put(entries: list[Entry], entry: Entry) -> None:
    """Keeps a state where no newer one of the same or an earlier month hides it; what it hides
    itself goes.

    >>> known = [[10, 1, "a"]]
    >>> put(known, [12, 3, "c"]); put(known, [11, 2, "b"]); put(known, [12, 2, "b"]); known
    [[10, 1, 'a'], [11, 2, 'b'], [12, 3, 'c']]
    """
    month, rank = entry[0], entry[1:]
    place = 0
    for known in entries:
        if known[0] <= month:
            if known[1:] >= rank:
                return
            if known[0] < month:
                place += 1
    entries[place:] = [entry, *(known for known in entries[place:] if known[1:] > rank)]


def at(entries: list[Entry], month: int) -> Entry | None:
    """The state at the end of a month; None before the first.

    >>> at([[10, 1], [12, 2]], 11), at([[10, 1]], 9)
    ([10, 1], None)
    """
    found = None
    for entry in entries:
        if entry[0] > month:
            break
        found = entry
    return found
