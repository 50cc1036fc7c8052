"""Folds events into what is known of things, and the differences of their contributions into the
counts; all by sets, whatever the batch.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

import asyncpg

from datacenter import months
from datacenter.counts.measures import COLUMNS, MEASURES
from datacenter.counts.rollup import holders, rolled_up
from datacenter.limits import Limits
from datacenter.subjects.compiled import Fact, Late, Pending, Reading, Reports, SubjectFold
from datacenter.subjects.declaration import State
from datacenter.subjects.measures import Counts, Measure, Row, add, differs

_KNOWN = """
select t.kind, t.id::text, t.known from unnest($2::smallint[], $3::uuid[]) as asked (kind, id)
join thing t on t.generation = $1 and t.kind = asked.kind and t.id = asked.id"""

_KNOW = """
insert into thing (generation, kind, id, known)
select $1, * from unnest($2::smallint[], $3::uuid[], $4::text[])
on conflict (generation, kind, id) do update set known = excluded.known"""

_KEY = ("generation", "area_code", "month")
_place = itemgetter(0)

# arrays would cost the driver more than the server; a table of the connection's own is filled by
# COPY and writes no log
_INCOMING = """
create temp table if not exists incoming (like count_p1) on commit delete rows;
delete from incoming"""

_SUMS = ", ".join(
    f"{name} = coalesce(count.{name} + excluded.{name}, excluded.{name}, count.{name})"
    for name in COLUMNS
)
_COUNT = f"""
insert into count ({", ".join((*_KEY, *COLUMNS))})
select {", ".join((*_KEY, *COLUMNS))} from incoming
on conflict (generation, area_code, month) do update
set {_SUMS}"""  # noqa: S608

_MANY = 200  # rows

_RESTATE = """
insert into restated (generation, area_code, month, reported_on, measure, amount, facts)
select $1, a, m, date '0001-01-01' + (d - 1), e, n, f
from unnest($2::text[], $3::int[], $4::int[], $5::text[], $6::bigint[], $7::bigint[])
as r (a, m, d, e, n, f)
on conflict (generation, area_code, month, reported_on, measure) do update
set amount = restated.amount + excluded.amount, facts = restated.facts + excluded.facts"""

_PEND = """
insert into pending (generation, area_code, month, due_on, measure, amount)
select $1, a, m, date '0001-01-01' + (d - 1), e, n
from unnest($2::text[], $3::int[], $4::int[], $5::text[], $6::bigint[]) as p (a, m, d, e, n)
on conflict (generation, area_code, month, due_on, measure) do update
set amount = pending.amount + excluded.amount"""
_NOTHING_PENDS = "delete from pending where generation = $1 and amount = 0"

_Record = list[str | int | None]
# kind and id of a thing → what is reported of it on which days
Updates = dict[tuple[int, str], tuple[SubjectFold, list[tuple[int, State]]]]
# area, month, day of telling, name of a measure → amount, facts
_Restated = dict[tuple[str, int, int, str], list[int]]
# area, month, last day before it counts, name of a measure → amount
_Pending = dict[tuple[str, int, int, str], int]


class Changes:
    """What a batch changes: counts, and of these what was told after their month had ended, and
    what counts after a day only.
    """

    def __init__(self) -> None:
        self.counts: Counts = {}
        self.restated: _Restated = {}
        self.pending: _Pending = {}

    def pend(self, pending: Pending, sign: int = 1) -> None:
        """Adds what of one thing counts after a day only, or takes it back."""
        for day, (measure, area, month, amount) in pending:
            for holder in holders(area):
                key = (holder, month, day, measure.name)
                self.pending[key] = self.pending.get(key, 0) + sign * amount

    def late(self, late: Late, sign: int = 1) -> None:
        """Adds what one thing told late, or takes it back."""
        for day, counts in late.items():
            for (area, month), row in rolled_up(counts).items():
                for measure, amount in row.items():
                    sums = self.restated.setdefault((area, month, day, measure.name), [0, 0])
                    sums[0] += sign * amount
                    sums[1] += sign


async def fold(
    driver: asyncpg.Connection,
    generation: int,
    readings: Iterable[tuple[int, Reading]],
    limits: Limits,
) -> None:
    """Applies what events say to one generation of things and counts; the caller holds the lock on
    the projection. readings: each with the day on which it was told.
    """
    changes = Changes()
    things = gathered(readings, changes)
    if things:
        await _fold_things(driver, generation, things, changes, limits)
    await _restate(driver, generation, changes.restated)
    await _pend(driver, generation, changes.pending)
    rolled = rolled_up(changes.counts)
    if rolled:
        measures = _counted(rolled)
        columns = [*_KEY, *(measure.column for measure in measures)]
        rows = _rows(generation, rolled, measures)
        await driver.execute(_INCOMING)
        await driver.copy_records_to_table("incoming", records=rows, columns=columns)
        await driver.execute(_COUNT)


def gathered(readings: Iterable[tuple[int, Reading]], changes: Changes) -> Updates:
    """What is reported of each thing; what events count by themselves goes into the changes."""
    things: Updates = {}
    for day, (facts, counts) in readings:
        for subject, thing_id, state in facts:
            key = (subject.kind, thing_id)
            if key in things:
                things[key][1].append((day, state))
            else:
                things[key] = (subject, [(day, state)])
        reported_in = months.of_ordinal(day) if counts else 0
        for measure, area, month, amount in counts:
            row = changes.counts.setdefault((area, month), {})
            row[measure] = row.get(measure, 0) + amount
            if month < reported_in:
                changes.late({day: {(area, month): {measure: amount}}})
    return things


async def _restate(driver: asyncpg.Connection, generation: int, restated: _Restated) -> None:
    rows = [(*key, *sums) for key, sums in sorted(restated.items()) if any(sums)]
    if rows:
        await driver.execute(_RESTATE, generation, *map(list, zip(*rows, strict=True)))


async def _pend(driver: asyncpg.Connection, generation: int, pending: _Pending) -> None:
    rows = [(*key, amount) for key, amount in sorted(pending.items()) if amount]
    if rows:
        await driver.execute(_PEND, generation, *map(list, zip(*rows, strict=True)))
        await driver.execute(_NOTHING_PENDS, generation)


def _counted(changes: Counts) -> Sequence[Measure]:
    """The measures that change, of many rows. All of few: the driver prepares each set of columns,
    which then costs more than nulls.
    """
    if len(changes) < _MANY:
        return MEASURES
    found = {measure for row in changes.values() for measure in row}
    return [measure for measure in MEASURES if measure in found]


def _rows(generation: int, changes: Counts, measures: Sequence[Measure]) -> list[_Record]:
    """One row for each area and month, all in one order for everybody."""
    rows = []
    places = {measure: place for place, measure in enumerate(measures, start=len(_KEY))}
    empty = [None] * len(measures)
    for (area, month), changed in sorted(changes.items(), key=_place):
        row: _Record = [generation, area, month, *empty]
        for measure, amount in changed.items():
            row[places[measure]] = amount
        rows.append(row)
    return rows


def _change(changes: Counts, before: Counts, after: Counts) -> None:
    """Adds by how much one contribution is more than the one before; both are used up."""
    for place, row in after.items():
        was = before.pop(place, None)
        if row == was:
            continue
        known = changes.get(place)
        if known is None:
            known = changes[place] = row
        else:
            add(known, row)
        if was is not None:
            _take(known, was)
    for place, was in before.items():
        _take(changes.setdefault(place, {}), was)


def _take(known: Row, less: Row) -> None:
    for measure, amount in less.items():
        known[measure] = known.get(measure, 0) - amount


async def _fold_things(
    driver: asyncpg.Connection,
    generation: int,
    things: Updates,
    changes: Changes,
    limits: Limits,
) -> None:
    """First those that may tell of others, then those that others tell of."""
    reported = {key: one for key, one in things.items() if one[0].is_reported}
    tellers = (
        {key: one for key, one in things.items() if key not in reported} if reported else things
    )
    reports = await _fold_round(driver, generation, tellers, changes, limits)
    for day, (fold, thing_id, state) in reports:
        reported.setdefault((fold.kind, thing_id), (fold, []))[1].append((day, state))
    if reported:
        await _fold_round(driver, generation, reported, changes, limits)


async def _fold_round(
    driver: asyncpg.Connection,
    generation: int,
    things: Updates,
    changes: Changes,
    limits: Limits,
) -> list[tuple[int, Fact]]:
    """Returns what these things tell of others, and on which days."""
    kinds, ids = [key[0] for key in things], [key[1] for key in things]
    rows = await driver.fetch(_KNOWN, generation, kinds, ids)
    known = {(row[0], row[1]): things[row[0], row[1]][0].load(row[2]) for row in rows}
    facts = taken_in(known, things, changes, limits)
    written = [subject.dump(known[key]) for key, (subject, _) in things.items()]
    await driver.execute(_KNOW, generation, kinds, ids, written)
    return facts


def taken_in(
    known: dict[tuple[int, str], Reports], things: Updates, changes: Changes, limits: Limits
) -> list[tuple[int, Fact]]:
    """Adds what is reported to what is known, in place, and to the changes. Returns what these
    things tell of others now, and on which days.
    """
    facts: list[tuple[int, Fact]] = []
    for key, (subject, updates) in things.items():
        reports = known.setdefault(key, [])
        before = subject.tells(key[1], reports)
        _take_in(subject, reports, sorted(updates, key=_place), changes, limits)
        facts += [fact for fact in subject.tells(key[1], reports) if fact not in before]
    return facts


def _take_in(
    subject: SubjectFold,
    reports: Reports,
    updates: Sequence[tuple[int, State]],
    changes: Changes,
    limits: Limits,
) -> None:
    """Adds what is told of one thing to what is known, in place, and to the counts by how much it
    counts otherwise.

    What comes in the order of days and changes no month before its own is the rule, and restates
    nothing; only else is asked what was told when.
    """
    known = subject.whole(reports)
    before = counted = subject.contribution(known, limits)
    changes.pend(subject.pending(known, limits), -1)
    restates = bool(reports) and updates[0][0] < reports[-1][0]
    for month, states in groupby(updates, key=lambda update: months.of_ordinal(update[0])):
        for _, state in states:
            subject.merge(known, state)
        after = subject.contribution(known, limits)
        restates = restates or differs(counted, after, month)
        counted = after
    if restates:
        changes.late(subject.late(reports, limits), -1)
    for day, state in updates:
        subject.put(reports, day, state)
    if restates:
        changes.late(subject.late(reports, limits))
    changes.pend(subject.pending(known, limits))
    _change(changes.counts, before, counted)
