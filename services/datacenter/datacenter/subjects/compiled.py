"""The declarations as plain functions, made once: what an event says of which thing, what a thing
known so far adds to the counts, and how what is known is stored.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple

from google.protobuf.message import Message

from datacenter.limits import Limits
from datacenter.subjects.declaration import (
    EventFlows,
    Field,
    Flows,
    Group,
    ItemFlows,
    Occurrence,
    Reader,
    State,
    Stocks,
    Subject,
    When,
)
from datacenter.subjects.measures import Measure
from datacenter.subjects.registry import cells, event_flows, measures, subjects

Key = tuple[Measure, str, int]  # measure, area code, month
Counts = dict[Key, int]
Fact = tuple[
    "SubjectFold", str, State
]  # what an event tells of a thing: its fold, its id, the state
Count = tuple[Measure, str, int, int]  # what an event adds by itself: …, amount
Reading = tuple[list[Fact], list[Count]]
EventReader = Callable[[Any, When, Limits], Reading]

_Part = Callable[[Any, Limits, Counts], None]

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class _Counter(NamedTuple):
    """The measures of a group, then the asked cells of its dimensions, and what a value counts in
    each of them, in their order.
    """

    measures: tuple[Measure, ...]
    amounts: Callable[[Any, Limits], list[int]]


def _counter(group: Group[Any], asked: Set[str]) -> _Counter:
    rules, wholes = tuple(group.amounts.values()), list(group.amounts)
    splits: list[tuple[Callable[[Any], object], list[tuple[int, object]]]] = []
    parts: list[Measure] = []
    for dimension in group.dimensions:
        chosen = [
            cell for name, cell in cells().items() if name in asked and cell.dimension is dimension
        ]
        if chosen:
            parts += [cell.part for cell in chosen]
            splits.append(
                (dimension.of, [(wholes.index(cell.whole), cell.value) for cell in chosen])
            )

    def amounts(value: Any, limits: Limits) -> list[int]:
        return [rule(value, limits) for rule in rules]

    def split(value: Any, limits: Limits) -> list[int]:
        found = [rule(value, limits) for rule in rules]
        for of, places in splits:
            member = of(value)
            found += [found[place] if member == wanted else 0 for place, wanted in places]
        return found

    return _Counter((*wholes, *parts), split if splits else amounts)


class SubjectFold:
    """One subject's functions.

    merge: takes a state of an event into what is known. contribution: what a thing adds to the
    counts. load, dump: what is known as JSON.
    """

    def __init__(self, subject: Subject[Any], parts: Sequence[_Part]) -> None:
        self.subject, self.kind = subject, subject.kind
        self._parts = tuple(parts)
        self._merges = {field.name: field.merge for field in subject.fields()}
        self._loads = [load for field in subject.fields() if (load := _loader(field)) is not None]

    def merge(self, known: State, update: State) -> None:
        """Merges what an event reports into what is known, in place."""
        fields = known.__dict__
        for name, value in update.__dict__.items():
            self._merges[name](fields, name, value)

    def contribution(self, known: State, limits: Limits) -> Counts:
        """What the thing adds to the counts, as changes by month."""
        counts: Counts = {}
        for part in self._parts:
            part(known, limits, counts)
        return counts

    def empty(self) -> State:
        """Nothing is known yet."""
        made: State = self.subject.state()
        return made

    def load(self, text: str) -> State:
        """What is known, as it was stored."""
        known: State = self.subject.state()
        fields = known.__dict__ = json.loads(text)
        for load in self._loads:
            load(fields)
        return known

    def dump(self, known: State) -> str:
        """The same as JSON, by the names of its fields; entries are arrays in the order of theirs."""
        return _encode(known.__dict__)


class Compiled:
    """All declarations. named: names of the measures that figures ask for; of the cells of
    dimensions only these are counted.
    """

    def __init__(self, named: Iterable[str]) -> None:
        asked = set(named)
        self.measures: tuple[Measure, ...] = (
            *measures().values(),
            *(cell.part for name, cell in cells().items() if name in asked),
        )
        self._asked = asked
        self.folds = {
            subject.kind: SubjectFold(subject, [self._part(group) for group in subject.groups])
            for subject in subjects()
        }
        self.readers: Mapping[str, EventReader] = self._readers()

    def read(self, event: Message, when: When, limits: Limits) -> Reading:
        """What an event says of which things, and what it adds by itself; nothing where it is in
        no figure.
        """
        reader = self.readers.get(event.DESCRIPTOR.full_name)
        return reader(event, when, limits) if reader else ([], [])

    def _part(self, group: Group[Any]) -> _Part:
        counter = _counter(group, self._asked)
        if isinstance(group, Flows):
            return _flows(group.at, counter)
        if isinstance(group, ItemFlows):
            return _item_flows(group.items, counter)
        if isinstance(group, Stocks):
            flows = [(months_of, _counter(inner, self._asked)) for months_of, inner in group.flows]
            return _stocks(group, counter, flows)
        raise TypeError(f"{group} is no group of a subject")

    def _readers(self) -> dict[str, EventReader]:
        flows: dict[str, list[EventFlows[Any]]] = {}
        for group in event_flows():
            flows.setdefault(group.event.DESCRIPTOR.full_name, []).append(group)
        facts: dict[str, list[tuple[SubjectFold, Any, Any]]] = {}
        for fold in self.folds.values():
            for name, (id_of, reader) in fold.subject.readers.items():
                facts.setdefault(name, []).append((fold, id_of, reader))
        return {
            name: _reader(
                facts.get(name, []),
                [(group.at, _counter(group, self._asked)) for group in flows.get(name, [])],
            )
            for name in sorted(facts.keys() | flows.keys())
        }


def _reader(
    facts: list[tuple[SubjectFold, Callable[[Any], str], Reader[Any, Any]]],
    flows: list[tuple[Callable[[Any], Occurrence], _Counter]],
) -> EventReader:
    def read(event: Any, when: When, limits: Limits) -> Reading:
        states: list[Fact] = []
        for subject, id_of, reader in facts:
            state = reader(event, when, limits)
            if state is not None:
                states.append((subject, id_of(event), state))
        counts: list[Count] = []
        for at, (kinds, amounts) in flows:
            area, month = at(event)
            for measure, amount in zip(kinds, amounts(event, limits), strict=True):
                if amount:
                    counts.append((measure, area, month, amount))
        return states, counts

    return read


def _flows(at: Callable[[Any], Occurrence | None], counter: _Counter) -> _Part:
    kinds, amounts = counter

    def add(thing: Any, limits: Limits, counts: Counts) -> None:
        place = at(thing)
        if place is not None:
            area, month = place
            for measure, amount in zip(kinds, amounts(thing, limits), strict=True):
                if amount:
                    counts[measure, area, month] = amount

    return add


def _item_flows(items: Callable[[Any], Iterable[Any]], counter: _Counter) -> _Part:
    kinds, amounts = counter

    def add(thing: Any, limits: Limits, counts: Counts) -> None:
        for item in items(thing):
            area, month = item.area, item.month
            for measure, amount in zip(kinds, amounts(item, limits), strict=True):
                if amount:
                    key = (measure, area, month)
                    counts[key] = counts.get(key, 0) + amount

    return add


def _stocks(
    group: Stocks[Any, Any],
    counter: _Counter,
    flows: list[tuple[Callable[[Any], Sequence[int]], _Counter]],
) -> _Part:
    turns, at = group.turns, group.at
    kinds, amounts = counter
    nothing = [0] * len(kinds)

    def add(thing: Any, limits: Limits, counts: Counts) -> None:
        area, then, before = "", None, nothing
        months: list[int] = []
        views: list[Any] = []
        for month in sorted(set(turns(thing, limits))):
            now = at(thing, month, limits)
            if now == then:
                continue
            place, after = (area, nothing) if now is None else (now.area, amounts(now, limits))
            if place == area:
                if after != before:
                    for measure, was, amount in zip(kinds, before, after, strict=True):
                        if was != amount:
                            counts[measure, area, month] = amount - was
            else:
                for measure, was, amount in zip(kinds, before, after, strict=True):
                    if was:
                        counts[measure, area, month] = -was
                    if amount:
                        counts[measure, place, month] = amount
            area, then, before = place, now, after
            months.append(month)
            views.append(now)
        for months_of, (kinds_in, amounts_in) in flows:
            for month in months_of(thing):
                found = bisect_right(months, month) - 1
                if found >= 0 and (view := views[found]) is not None:
                    for measure, amount in zip(kinds_in, amounts_in(view, limits), strict=True):
                        if amount:
                            counts[measure, view.area, month] = amount

    return add


def _loader(field: Field) -> Callable[[dict[str, Any]], None] | None:
    """Gives the entries of a field their names again; None where they have none."""
    name, make = field.name, field.entry
    if make is None:
        return None

    def load(fields: dict[str, Any]) -> None:
        if name in fields:
            fields[name] = make(fields[name])

    def load_many(fields: dict[str, Any]) -> None:
        if name in fields:
            fields[name] = [make(entry) for entry in fields[name]]

    def load_parts(fields: dict[str, Any]) -> None:
        if name in fields:
            fields[name] = {
                part: [make(entry) for entry in entries] for part, entries in fields[name].items()
            }

    return load_parts if field.parts else load_many if field.is_many else load
