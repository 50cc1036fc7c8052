"""Folds events into what is known of things, and the differences of their shares into the counts; all by sets, whatever the batch."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import asyncpg

from datacenter.flows.reading import COUNTS, Note, Said
from datacenter.rules.indicators import LEAST, TOP
from datacenter.rules.measures import Counts, Limits
from kit import areas

_KNOWN = """
select t.kind, t.id::text, t.known from unnest($2::smallint[], $3::uuid[]) as asked (kind, id)
join thing t on t.generation = $1 and t.kind = asked.kind and t.id = asked.id"""

_KNOW = """
insert into thing (generation, kind, id, known) select $1, * from unnest($2::smallint[], $3::uuid[], $4::text[])
on conflict (generation, kind, id) do update set known = excluded.known"""

_COUNT = """
insert into count (generation, measure, area_code, month, amount)
select $1, * from unnest($2::smallint[], $3::text[], $4::int[], $5::bigint[])
on conflict (generation, measure, area_code, month) do update set amount = count.amount + excluded.amount"""

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


async def fold(driver: asyncpg.Connection, generation: int, said: Iterable[Said], limits: Limits) -> None:
    """Applies what events said to one generation of things and counts; the caller holds the lock on the projection."""
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
    rows = sorted((*key, amount) for key, amount in rolled_up(changes).items() if amount)
    if rows:
        await driver.execute(_COUNT, generation, *(list(column) for column in zip(*rows, strict=True)))


async def _fold_things(
    driver: asyncpg.Connection, generation: int, notes: dict[tuple[int, str], list[Note]], changes: Counts, limits: Limits,
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
