"""Folds events into what is known of things, and the differences of their contributions into the
counts; all by sets, whatever the batch.
"""

from collections.abc import Iterable
from operator import itemgetter

import asyncpg

from datacenter.counts.measures import COLUMNS, MEASURES
from datacenter.counts.rollup import Rows, rolled_up
from datacenter.limits import Limits
from datacenter.subjects.compiled import Fact, Reading, SubjectFold
from datacenter.subjects.declaration import State
from datacenter.subjects.measures import Counts

_KNOWN = """
select t.kind, t.id::text, t.known from unnest($2::smallint[], $3::uuid[]) as asked (kind, id)
join thing t on t.generation = $1 and t.kind = asked.kind and t.id = asked.id"""

_KNOW = """
insert into thing (generation, kind, id, known)
select $1, * from unnest($2::smallint[], $3::uuid[], $4::text[])
on conflict (generation, kind, id) do update set known = excluded.known"""

_KEY = ("generation", "area_code", "month")
_PLACES = {measure: place for place, measure in enumerate(MEASURES, start=len(_KEY))}
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

_Row = list[str | int | None]
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
            place = (measure, area, month)
            changes[place] = changes.get(place, 0) + amount
    if things:
        await _fold_things(driver, generation, things, changes, limits)
    rows = _rows(generation, rolled_up(changes))
    if rows:
        await driver.execute(_INCOMING)
        await driver.copy_records_to_table("incoming", records=rows, columns=[*_KEY, *COLUMNS])
        await driver.execute(_COUNT)


def _rows(generation: int, changes: Rows) -> list[_Row]:
    """One row for each area and month, all in one order for everybody."""
    rows = []
    empty = [None] * len(COLUMNS)
    for (area, month), changed in sorted(changes.items(), key=_place):
        row: _Row = [generation, area, month, *empty]
        for measure, amount in changed.items():
            row[_PLACES[measure]] = amount
        rows.append(row)
    return rows


def _change(changes: Counts, before: Counts, after: Counts) -> None:
    """Adds by how much one contribution is more than the one before, which is used up."""
    for place, amount in after.items():
        if more := amount - before.pop(place, 0):
            changes[place] = changes.get(place, 0) + more
    for place, amount in before.items():
        changes[place] = changes.get(place, 0) - amount


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
