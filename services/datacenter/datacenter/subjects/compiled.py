"""The declarations as plain functions, made once: what an event says of which thing, and what a
thing known so far adds to the counts.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from itertools import groupby
from operator import itemgetter

from google.protobuf.message import Message
from msgspec.structs import astuple, replace

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects.declaration import (
    EventReport,
    IdOf,
    Reader,
    State,
    Subject,
    Tell,
    When,
)
from datacenter.subjects.groups import EventCounter, Flows
from datacenter.subjects.measures import Count, Counts, Measure, difference, differs
from datacenter.subjects.registry import cells, event_flows, measures, subjects
from datacenter.subjects.stored import Layout

Reports = list[tuple[int, State]]  # what was told of a thing by day, in the order of days
Late = dict[int, Counts]  # what counts in months that had ended, by the day of telling
Pending = list[tuple[int, Count]]  # what counts after a day, as `date.toordinal` counts
_day_of = itemgetter(0)


def _month_of(report: tuple[int, State]) -> int:
    return months.of_ordinal(report[0])


class SubjectFold:
    """One subject's functions."""

    def __init__(self, subject: Subject[State], asked: Set[str]) -> None:
        self.subject, self.kind = subject, subject.kind
        self._parts = tuple(one.part(asked) for one in subject.contributions)
        flows = (one for one in subject.contributions if isinstance(one, Flows))
        self._with_terms = tuple(one for one in flows if one.terms)
        fields = subject.fields()
        self._merges = tuple((field.name, field.merge, field.unknown) for field in fields)
        self._layout = Layout(subject.state, [field.unknown for field in fields])
        self.tellers: list[tuple[SubjectFold, Tell[State, State]]] = []
        self.is_reported = False

    def merge(self, known: State, update: State) -> None:
        """Merges what an event reports into what is known, in place."""
        values = zip(self._merges, astuple(known), astuple(update), strict=True)
        for (name, merge, unknown), known_value, reported in values:
            if reported is not unknown:
                setattr(known, name, merge(known_value, reported))

    def contribution(self, known: State, limits: Limits) -> Counts:
        """What the thing adds to the counts, as changes by month."""
        counts: Counts = {}
        for part in self._parts:
            part(known, limits, counts)
        return counts

    @property
    def with_terms(self) -> set[Measure]:
        """The measures in which a thing that is neither done nor due does not count yet."""
        return {measure for flows in self._with_terms for measure, _ in flows.terms}

    def pending(self, known: State, limits: Limits) -> Pending:
        """What of the contribution counts after a day only, since it is neither done nor due."""
        return [one for flows in self._with_terms for one in flows.pending(known, limits)]

    def put(self, reports: Reports, day: int, state: State) -> None:
        """Adds what is told on a day, in place."""
        place = bisect_left(reports, day, key=_day_of)
        if place < len(reports) and reports[place][0] == day:
            self.merge(reports[place][1], state)
        else:
            reports.insert(place, (day, state))

    def whole(self, reports: Reports) -> State:
        """All that is known."""
        known = self.empty()
        for _, state in reports:
            self.merge(known, state)
        return known

    def late(self, reports: Reports, limits: Limits) -> Late:
        """What was added to which months only after their end, by the day on which it was told."""
        found: Late = {}
        known, before = self.empty(), Counts()
        for month, days in groupby(reports, key=_month_of):
            group = list(days)
            known_before = self.copied(known)
            for _, state in group:
                self.merge(known, state)
            after = self.contribution(known, limits)
            if differs(before, after, month):
                self._step(known_before, before, group, limits, found)
            before = after
        return found

    def _step(
        self, known: State, before: Counts, group: Reports, limits: Limits, found: Late
    ) -> None:
        """The same of the days of one month."""
        for day, state in group:
            self.merge(known, state)
            after = self.contribution(known, limits)
            changes = difference(before, after, months.of_ordinal(day))
            if changes:
                found[day] = changes
            before = after

    def tells(self, id: str, reports: Reports) -> "list[tuple[int, Fact]]":
        """What a thing tells of others, and on which day it could."""
        found: list[tuple[int, Fact]] = []
        for fold, tell in self.tellers:
            if not any(True for _ in tell(id, self.whole(reports))):
                continue
            known, passed_on = self.empty(), dict[str, State]()
            for day, state in reports:
                self.merge(known, state)
                for other, reported in tell(id, known):
                    if passed_on.get(other) != reported:
                        passed_on[other] = reported
                        found.append((day, (fold, other, reported)))
        return found

    def parts(self, known: State) -> set[str]:
        """Ids of the things whose events made it what it is, itself left out."""
        return set(self.subject.parts(known)) if self.subject.parts else set()

    def empty(self) -> State:
        """Nothing is known yet."""
        return self.subject.state()

    def copied(self, known: State) -> State:
        """The same, to be merged into by itself."""
        return replace(known)

    def load(self, text: str) -> Reports:
        """What was told, as it was stored."""
        return self._layout.load(text)

    def dump(self, reports: Reports) -> str:
        """The same as it is stored."""
        return self._layout.dump(reports)


Fact = tuple[SubjectFold, str, State]  # of which thing an event tells what: its fold, id, state
Reading = tuple[Sequence[Fact], Sequence[Count]]
EventReader = Callable[[Message, When, Limits], Reading]


class Compiled:
    """All declarations. named: names of the measures that figures ask for; of the cells of
    dimensions only these are counted.
    """

    def __init__(self, named: Iterable[str]) -> None:
        self._asked = frozenset(named)
        self.measures: tuple[Measure, ...] = (
            *measures().values(),
            *(cell for name, cell in cells().items() if name in self._asked),
        )
        self.folds = {one.kind: SubjectFold(one, self._asked) for one in subjects()}
        self._bind_tellers()
        self.readers: Mapping[str, EventReader] = self._readers()

    def read(self, event: Message, when: When, limits: Limits) -> Reading:
        """What an event says of which things, and what it adds by itself; nothing where it is in
        no figure.
        """
        reader = self.readers.get(event.DESCRIPTOR.full_name)
        return reader(event, when, limits) if reader else _NOTHING

    def of(self, measure: Measure) -> SubjectFold | None:
        """Whose measure it is; None of one that events count by themselves."""
        for fold in self.folds.values():
            if any(measure in group.amounts for group in fold.subject.groups()):
                return fold
        return None

    def _bind_tellers(self) -> None:
        for fold in self.folds.values():
            for teller in fold.subject.tellers:
                reported = self.folds[teller.of.kind]
                reported.is_reported = True
                fold.tellers.append((reported, teller.tell))
        if any(fold.is_reported and fold.tellers for fold in self.folds.values()):
            raise ValueError("a thing that others tell of tells of others")

    def _readers(self) -> dict[str, EventReader]:
        facts: dict[str, list[_FactReader]] = {}
        for fold in self.folds.values():
            for name, reported in fold.subject.readers.items():
                facts.setdefault(name, []).append((fold, reported))
        for found in facts.values():
            found.sort(key=lambda fact: not fact[1].is_own)  # what an event is about comes first
        counters: dict[str, list[EventCounter]] = {}
        for flows in event_flows():
            name = flows.event.DESCRIPTOR.full_name
            counters.setdefault(name, []).append(flows.counter(self._asked))
        return {
            name: _reader(facts.get(name, []), counters.get(name, []))
            for name in sorted(facts.keys() | counters.keys())
        }


_FactReader = tuple[SubjectFold, EventReport[State]]


_NOTHING: Reading = ((), ())


def _reader(reported: list[_FactReader], counters: list[EventCounter]) -> EventReader:
    facts = [(fold, one.id_of, one.reader) for fold, one in reported]
    if len(facts) == 1 and not counters:
        return _fact_reader(*facts[0])

    def read(event: Message, when: When, limits: Limits) -> Reading:
        states: list[Fact] = []
        for fold, id_of, reader in facts:
            state = reader(event, when, limits)
            if state is not None:
                states.append((fold, id_of(event), state))
        counts: list[Count] = []
        for count in counters:
            count(event, limits, counts)
        return states, counts

    return read


def _fact_reader(fold: SubjectFold, id_of: IdOf, reader: Reader[Message, State]) -> EventReader:
    """Of an event that tells of one thing, as most do."""

    def read(event: Message, when: When, limits: Limits) -> Reading:
        state = reader(event, when, limits)
        return _NOTHING if state is None else (((fold, id_of(event), state),), ())

    return read
