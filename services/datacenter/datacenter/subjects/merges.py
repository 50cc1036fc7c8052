"""How what an event tells is merged into what is known. Each merge commutes and is idempotent, so
neither the order of topics nor a repetition leaves a trace. Pure.

A merge takes what is known, or the field's default, and what is reported, and returns what is known
then; neither of the two is changed.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from datacenter.subjects import timelines
from datacenter.subjects.timelines import E


class Ordered(Protocol):
    """A value of a type whose values have an order."""

    def __lt__(self: "O", other: "O", /) -> bool: ...


O = TypeVar("O", bound=Ordered)  # noqa: E741 – ordered


def first(known: O | None, reported: O) -> O:
    """Something that happens once; should it be reported twice and differ, the lesser stays."""
    return reported if known is None or reported < known else known


def least(known: O | None, reported: O) -> O:
    """A number of which the least counts."""
    return first(known, reported)


def ever(known: bool, reported: bool) -> bool:
    """True for good once it was."""
    return known or reported


def each(known: Sequence[O], reported: Sequence[O]) -> Sequence[O]:
    """All that there were, each once, in order."""
    new = [value for value in reported if value not in known]
    return sorted([*known, *new]) if new else known


def newest(known: Sequence[E], reported: Sequence[E]) -> Sequence[E]:
    """The newest state by the end of each month."""
    entries = list(known)
    for entry in reported:
        timelines.put(entries, entry)
    return entries


def newest_of_each(
    known: Mapping[str, Sequence[E]], reported: Mapping[str, Sequence[E]]
) -> Mapping[str, Sequence[E]]:
    """The same for each of several parts of the thing, by their ids."""
    parts = dict(known)
    for part_id, entries in reported.items():
        parts[part_id] = newest(parts.get(part_id, ()), entries)
    return parts
