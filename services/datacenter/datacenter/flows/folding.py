"""Folds events into what is known of things, and the differences of their shares into the counts;
all by sets, whatever the batch.
"""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import asyncpg

from datacenter.flows.reading.events import COUNTS
from datacenter.flows.reading.values import Note, Said
from datacenter.rules.indicators import LEAST, TOP
from datacenter.rules.measures import Counts, Limits, Measure
from kit.contracts import areas

_KNOWN = """
select t.kind, t.id::text, t.known from unnest($2::smallint[], $3::uuid[]) as asked (kind, id)
join thing t on t.generation = $1 and t.kind = asked.kind and t.id = asked.id"""

_KNOW = """
insert into thing (generation, kind, id, known) select $1, * from unnest($2::smallint[], $3::uuid[], $4::text[])
on conflict (generation, kind, id) do update set known = excluded.known"""

_COLUMNS = [measure.column for measure in Measure]
_PLACES: dict[int, int] = {measure: place for place, measure in enumerate(Measure, start=3)}

# arrays would cost the driver more than the server; a table of the connection's own is filled by
# COPY and writes no log
_INCOMING = """
create temp table if not exists incoming (like count_p1) on commit delete rows;
delete from incoming"""

_COUNT = f"""
insert into count (generation, area_code, month, {", ".join(_COLUMNS)})
select generation, area_code, month, {", ".join(_COLUMNS)} from incoming
on conflict (generation, area_code, month) do update
set {", ".join(f"{name} = coalesce(count.{name} + excluded.{name}, excluded.{name}, count.{name})" for name in _COLUMNS)}"""  # noqa: S608

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


async def fold(
    driver: asyncpg.Connection, generation: int, said: Iterable[Said], limits: Limits
) -> None:
    """Applies what events said to one generation of things and counts; the caller holds the lock on
    the projection.
    """
    changes: Counts = {}
    notes: dict[tuple[int, str], list[Note]] = {}
    for told, counts in said:
        for note in told:
            notes.setdefault((note[0], note[1]), []).append(note)
        for measure, area, month, amount in counts:
            key = (measure, area, month)
            changes[key] = changes.get(key, 0) + amount
    if notes:
        await _fold_things(driver, generation, notes, changes, limits)
    rows = _rows(generation, rolled_up(changes))
    if rows:
        await driver.execute(_INCOMING)
        await driver.copy_records_to_table(
            "incoming", records=rows, columns=["generation", "area_code", "month", *_COLUMNS]
        )
        await driver.execute(_COUNT)


def _rows(generation: int, changes: Counts) -> list[list[Any]]:
    """One row for each area and month, all in one order for everybody."""
    rows: dict[tuple[str, int], list[Any]] = {}
    empty = [None] * len(_COLUMNS)
    for (measure, area, month), amount in changes.items():
        if amount:
            row = rows.get((area, month))
            if row is None:
                row = rows[area, month] = [generation, area, month, *empty]
            row[_PLACES[measure]] = amount
    return [rows[key] for key in sorted(rows)]


async def _fold_things(
    driver: asyncpg.Connection,
    generation: int,
    notes: dict[tuple[int, str], list[Note]],
    changes: Counts,
    limits: Limits,
) -> None:
    kinds, ids = [key[0] for key in notes], [key[1] for key in notes]
    found = {(row[0], row[1]): row[2] for row in await driver.fetch(_KNOWN, generation, kinds, ids)}
    written = []
    for key, told in notes.items():
        counts_of = COUNTS[key[0]]
        text = found.get(key)
        known: dict[str, Any] = {}
        if text is not None:
            known = json.loads(text)
            for place, amount in counts_of(known, limits).items():
                changes[place] = changes.get(place, 0) - amount
        for _, _, merge, arguments in told:
            merge(known, *arguments)
        for place, amount in counts_of(known, limits).items():
            changes[place] = changes.get(place, 0) + amount
        written.append(_encode(known))
    await driver.execute(_KNOW, generation, kinds, ids, written)


def rolled_up(counts: Counts) -> Counts:
    """The same counts for every area from the city down to the fact's own."""
    total: Counts = {}
    for (measure, area, month), amount in counts.items():
        if amount:
            for code in holders(area):
                key = (measure, code, month)
                total[key] = total.get(key, 0) + amount
    return total


@cache
def holders(area: str) -> tuple[str, ...]:
    """The areas with figures that an area lies in, itself included.

    >>> holders("341102001000")
    ('341100000000', '341102000000', '341102001000')
    """
    return tuple(areas.at(area, rank) for rank in range(TOP, min(areas.level(area), LEAST) + 1))
