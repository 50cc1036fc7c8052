"""Folds events into what is known of things, and the differences of their contributions into the
counts; all by sets, whatever the batch.
"""

from collections.abc import Iterable, Sequence
from operator import itemgetter

import asyncpg

from datacenter.counts.measures import COLUMNS, MEASURES
from datacenter.counts.rollup import rolled_up
from datacenter.limits import Limits
from datacenter.subjects.compiled import Fact, Reading, SubjectFold
from datacenter.subjects.declaration import State
from datacenter.subjects.measures import Counts, Measure, Row, add

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

_Record = list[str | int | None]
# kind and id of a thing → what is reported of it
_Updates = dict[tuple[int, str], tuple[SubjectFold, list[State]]]


async def fold(
    driver: asyncpg.Connection, generation: int, readings: Iterable[Reading], limits: Limits
) -> None:
    """Applies what events say to one generation of things and counts; the caller holds the lock on
    the projection.
    """
    changes: Counts = {}
    things: _Updates = {}
    for facts, counts in readings:
        for subject, thing_id, state in facts:
            key = (subject.kind, thing_id)
            if key in things:
                things[key][1].append(state)
            else:
                things[key] = (subject, [state])
        for measure, area, month, amount in counts:
            row = changes.setdefault((area, month), {})
            row[measure] = row.get(measure, 0) + amount
    if things:
        await _fold_things(driver, generation, things, changes, limits)
    rolled = rolled_up(changes)
    if rolled:
        measures = _counted(rolled)
        columns = [*_KEY, *(measure.column for measure in measures)]
        rows = _rows(generation, rolled, measures)
        await driver.execute(_INCOMING)
        await driver.copy_records_to_table("incoming", records=rows, columns=columns)
        await driver.execute(_COUNT)


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
    things: _Updates,
    changes: Counts,
    limits: Limits,
) -> None:
    """First those that may tell of others, then those that others tell of."""
    reported = {key: one for key, one in things.items() if one[0].is_reported}
    tellers = (
        {key: one for key, one in things.items() if key not in reported} if reported else things
    )
    for fold, thing_id, state in await _fold_round(driver, generation, tellers, changes, limits):
        reported.setdefault((fold.kind, thing_id), (fold, []))[1].append(state)
    if reported:
        await _fold_round(driver, generation, reported, changes, limits)


async def _fold_round(
    driver: asyncpg.Connection,
    generation: int,
    things: _Updates,
    changes: Counts,
    limits: Limits,
) -> list[Fact]:
    """Returns what these things tell of others."""
    facts: list[Fact] = []
    kinds, ids = [key[0] for key in things], [key[1] for key in things]
    found = {(row[0], row[1]): row[2] for row in await driver.fetch(_KNOWN, generation, kinds, ids)}
    written = []
    for key, (subject, states) in things.items():
        text = found.get(key)
        before: Counts = {}
        if text is None:
            known, *states = states  # what is reported first is all that is known
        else:
            known = subject.load(text)
            before = subject.contribution(known, limits)
        for state in states:
            subject.merge(known, state)
        _change(changes, before, subject.contribution(known, limits))
        written.append(subject.dump(known))
        if subject.tellers:
            facts += subject.tells(key[1], known)
    await driver.execute(_KNOW, generation, kinds, ids, written)
    return facts
