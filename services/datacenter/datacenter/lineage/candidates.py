"""Where the events of a figure are looked for: newest first, each time through so many rows at
most, so that an answer takes no longer with more events behind it.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from eldercare import options_pb2
from sqlalchemy import or_
from sqlmodel import col, select

from datacenter import months
from datacenter.archive.events import KINDS
from datacenter.counts import queries as counts
from datacenter.counts.measures import COMPILED
from datacenter.counts.tables import Restated
from datacenter.indicators.rules import Indicator
from datacenter.lineage.evidence import Asked
from kit.contracts import areas
from kit.contracts.clock import day_start
from kit.db.store import Session
from kit.security import access

CHUNK = 100
WINDOW = 5_000  # rows of one type

# of each type the newest before the cursor; down to where all types were looked through, those that
# lie in the area
_NEWEST_OF_TYPES = """
with seen as materialized (
    select kind.type, found.id, found.time, found.area_code
    from unnest($1::text[]) as kind (type) cross join lateral (
        select id, time, area_code from archive
        where archive.type = kind.type and (time, id) < ($2, $3) and time >= $4
        order by time desc, id desc limit $8
    ) as found
), least as (
    select distinct on (type) time, id, count(*) over (partition by type) as rows
    from seen order by type, time, id
), bound as (
    select time, id from least where rows = $8 order by time desc, id desc limit 1
)
select seen.id, seen.time, bound.time as bound_time, bound.id as bound_id
from (select) as one left join bound on true left join seen
    on seen.area_code between $5 and $6 and (bound.id is null or (seen.time, seen.id) >= bound)
order by seen.time desc, seen.id desc limit $7"""

# of each area inside the newest before the cursor
_NEWEST_OF_AREAS = """
select found.id, found.time, null::timestamptz as bound_time, null::uuid as bound_id
from unnest($1::text[]) as inside (code) cross join lateral (
    select id, time from archive
    where area_code = inside.code and type = any($2::text[]) and (time, id) < ($3, $4)
    and time >= $5
    order by time desc, id desc limit $6
) as found
order by found.time desc, found.id desc limit $6"""


class Cursor(NamedTuple):
    """The last event that was looked at."""

    time: datetime
    id: UUID


class Span(NamedTuple):
    """A time in which events are looked for, its end left out."""

    begin: datetime
    end: datetime


class Chunk(NamedTuple):
    """Ids of events, newest first. after: where to go on; None where the span has no more."""

    ids: Sequence[UUID]
    after: Cursor | None


async def spans(session: Session, asked: Asked) -> list[Span]:
    """When anything was told that can count in a figure, newest first: until its month had ended,
    and on the days on which something was told late.
    """
    indicator, month = asked.indicator, asked.month
    end = datetime.fromtimestamp(months.first_second(month + 1), UTC)
    measures = (*indicator.numerator_evidence, *indicator.denominator_evidence)
    of_month = col(Restated.month)
    chosen = select(Restated).where(
        Restated.generation == await counts.generation(session),
        Restated.area_code == asked.area_code,
        of_month <= month if indicator.numerator.is_stock else of_month == month,
        Restated.reported_on > months.last_day(month),
        col(Restated.measure).in_([one.name for one in measures]),
        or_(col(Restated.facts) != 0, col(Restated.amount) != 0),
    )
    rows = await session.exec(chosen)
    days = sorted({row.reported_on for row in rows}, reverse=True)
    late = [Span(day_start(day), day_start(day + timedelta(days=1))) for day in days]
    return [*late, Span(datetime.min.replace(tzinfo=UTC), end)]


async def chunk(session: Session, asked: Asked, span: Span, after: Cursor | None) -> Chunk:
    """The next events of the figure's topics in the area."""
    driver, level = await session.driver(), areas.level(asked.area_code)
    before = Cursor(span.end, UUID(int=0))
    if after is not None and after < before:
        before = after
    if level >= areas.TOWNSHIP:
        inside = [inner.code for inner in areas.load().within(asked.area_code)]
        rows = await driver.fetch(
            _NEWEST_OF_AREAS, inside, types(asked.indicator), *before, span.begin, CHUNK
        )
    else:
        least, most = access.area_range(asked.area_code)
        rows = await driver.fetch(
            _NEWEST_OF_TYPES,
            types(asked.indicator),
            *before,
            span.begin,
            least,
            most,
            CHUNK,
            WINDOW,
        )
    found = [row for row in rows if row["id"] is not None]
    if len(found) == CHUNK:
        return Chunk([row["id"] for row in found], Cursor(found[-1]["time"], found[-1]["id"]))
    bound = Cursor(*rows[0][2:]) if rows and rows[0]["bound_id"] is not None else None
    return Chunk([row["id"] for row in found], bound)


def types(indicator: Indicator) -> list[str]:
    """Full names of the events of a figure's topics that count in any."""
    return list(_types(indicator))


def _types(indicator: Indicator) -> Iterator[str]:
    for name in COMPILED.readers:
        topic = KINDS[name].DESCRIPTOR.GetOptions().Extensions[options_pb2.event].topic
        if topic in indicator.topics:
            yield name
