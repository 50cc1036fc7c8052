"""Which events a figure needs to count as it does. Pure.

The evidence of a thing is the smallest set of its newest events from which it counts as it does,
found with the same functions that make the counts.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple
from uuid import UUID

from google.protobuf.message import Message

from datacenter.archive.events import KINDS
from datacenter.archive.tables import Archived
from datacenter.counts.measures import COMPILED
from datacenter.indicators.catalogue import limits
from datacenter.indicators.rules import Indicator
from datacenter.subjects.compiled import Reading, SubjectFold
from datacenter.subjects.declaration import State, When
from datacenter.subjects.measures import Counts, Measure, add
from kit.contracts import areas
from kit.security.access import area_prefix

MOST_SUMS = 200  # for one thing

Amounts = tuple[list[int], list[int]]  # in the measures of the numerator, of the denominator


class Event(NamedTuple):
    """An archived event, decoded, with what it says."""

    row: Archived
    message: Message
    reading: Reading


class Counted(NamedTuple):
    """Whether a figure would be less without an event: its numerator, its denominator."""

    in_numerator: bool
    in_denominator: bool


class Asked(NamedTuple):
    """A figure of an area and month."""

    indicator: Indicator
    area_code: str
    month: int


def message_of(row: Archived) -> Message:
    """The event of a type that is known."""
    return KINDS[row.type].FromString(row.payload)


def read(row: Archived) -> Event:
    """An event of a type that is known, and what it says."""
    message = message_of(row)
    when = When.of(row.time, row.sequence)
    return Event(row, message, COMPILED.read(message, when, limits()))


def evidence(
    events: Sequence[Event],
    asked: Asked,
    shown: Set[UUID] | None = None,
    pending: Counts | None = None,
) -> Mapping[UUID, Counted]:
    """Which events of one thing it needs to count as it does, and whether it would count less
    without each. shown: of these events alone. pending: what of the thing does not count yet.
    """
    ordered = sorted(events, key=lambda event: (event.row.time, event.row.sequence))
    left_out = _of(pending or {}, asked)
    whole = _amounts(ordered, asked, left_out)
    needed = _needed(ordered, whole, asked, left_out)
    found = {}
    for event in needed:
        if shown is None or event.row.id in shown:
            rest = (other for other in needed if other is not event)
            without = _amounts(rest, asked, left_out)
            found[event.row.id] = Counted(
                _is_less(without[0], whole[0]), _is_less(without[1], whole[1])
            )
    return found


def _needed(
    events: Sequence[Event], whole: Amounts, asked: Asked, left_out: Amounts
) -> Sequence[Event]:
    """The newest events that count as all of them do.

    Blocks are left out before single events, so k needed of n cost about k × log n sums; of what
    MOST_SUMS leave untried all counts as needed.
    """
    kept, size, sums = events, len(events), 0
    while size:
        at = 0
        while at < len(kept):
            if sums == MOST_SUMS:
                return kept
            sums += 1
            rest = [*kept[:at], *kept[at + size :]]
            if _amounts(rest, asked, left_out) == whole:
                kept = rest
            else:
                at += size
        size //= 2
    return kept


def _is_less(amounts: Sequence[int], whole: Sequence[int]) -> bool:
    return any(amount < all_ for amount, all_ in zip(amounts, whole, strict=True))


def _amounts(events: Iterable[Event], asked: Asked, left_out: Amounts) -> Amounts:
    """What counts in the numerator, and in the denominator."""
    counted = _of(counted_in(event.reading for event in events), asked)
    return (_less(counted[0], left_out[0]), _less(counted[1], left_out[1]))


def _less(amounts: Sequence[int], left_out: Sequence[int]) -> list[int]:
    """Where parts of a thing's events count less than what is left out, they count nothing."""
    return [
        max(0, amount - less) if less else amount
        for amount, less in zip(amounts, left_out, strict=True)
    ]


def _of(counted: Counts, asked: Asked) -> Amounts:
    of = asked.indicator
    inside = {where: row for where, row in counted.items() if _is_of(where[0], asked)}
    return (
        [_amount(inside, measure, asked) for measure in of.numerator_evidence],
        [_amount(inside, measure, asked) for measure in of.denominator_evidence],
    )


def _is_of(place: str, asked: Asked) -> bool:
    """Whether what is counted at a place may count in the figure: of a figure of presence only what
    lies in one of its places does.
    """
    places = asked.indicator.places
    if places is None:
        return True
    if places.level < areas.level(asked.area_code) or areas.level(place) < places.level:
        return False
    tree, holder = areas.load(), areas.at(place, places.level)
    return holder in tree and places.hold(places.level, tree[holder].kinds)


def counted_in(readings: Iterable[Reading]) -> Counts:
    """What events count together, by what each says."""
    total: Counts = {}
    known: dict[tuple[SubjectFold, str], State] = {}
    for facts, flows in readings:
        for subject, thing_id, state in facts:
            subject.merge(known.setdefault((subject, thing_id), subject.empty()), state)
        for measure, place, month, amount in flows:
            add(total.setdefault((place, month), {}), {measure: amount})
    for (teller, id), state in list(known.items()):
        for _, (subject, other, reported) in teller.tells(id, [(1, state)]):
            subject.merge(known.setdefault((subject, other), subject.empty()), reported)
    for (subject, _), state in known.items():
        for where, row in subject.contribution(state, limits()).items():
            add(total.setdefault(where, {}), row)
    return total


def _amount(counts: Counts, measure: Measure, asked: Asked) -> int:
    prefix, is_stock = area_prefix(asked.area_code), measure.is_stock
    return sum(
        row.get(measure, 0)
        for (place, at), row in counts.items()
        if place.startswith(prefix) and (at <= asked.month if is_stock else at == asked.month)
    )
