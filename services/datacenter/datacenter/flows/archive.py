"""Keeps every event as it came; the archive is also what tells a repetition."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg

from kit.events import Fact
from kit.refusals import Malformed

_DAY_MS = 86_400_000

_KEPT = "select id::text from archive where id = any($1::uuid[])"

_COLUMNS = (
    "id", "type", "source", "subject", "thing", "sequence", "area_code", "time", "topic", "partition", "offset", "traceparent", "headers",
    "payload", "batch",
)
_IN_COLUMNS = frozenset(("ce_id", "ce_type", "ce_source", "ce_subject", "ce_sequence", "ce_time", "traceparent"))


async def unheard(driver: asyncpg.Connection, facts: Sequence[Fact]) -> set[str]:
    """Ids of the events that are not in the archive yet."""
    ids = {fact.id for fact in facts}
    return ids.difference(row[0] for row in await driver.fetch(_KEPT, list(ids)))


async def keep(driver: asyncpg.Connection, facts: Sequence[tuple[Fact, str | None, str | None]], batch: int) -> None:
    """Writes events with their thing and area; none of them is there yet.

    Raises: Malformed where an id is no UUIDv7.
    """
    await _ensure_days(driver, [fact.id for fact, _, _ in facts])
    rows = [
        (fact.id, fact.type, fact.source, fact.subject, thing, fact.sequence, area, fact.time, fact.topic, fact.partition, fact.offset,
         fact.traceparent, _lines(fact), fact.payload, batch)
        for fact, thing, area in facts
    ]
    await driver.copy_records_to_table("archive", records=rows, columns=_COLUMNS)


def _lines(fact: Fact) -> bytes:
    return b"\n".join([name.encode() + b": " + value for name, value in fact.headers if value is not None and name not in _IN_COLUMNS])


async def _ensure_days(driver: asyncpg.Connection, ids: Iterable[str]) -> None:
    """Makes the partitions of the days inside these ids; the lock on the projection's row keeps two from making one at a time."""
    for day in sorted({_day(id) for id in ids}):
        if await driver.fetchval("select to_regclass($1)", f"archive_p{_date(day)}") is None:
            await driver.execute("select make_archive_day($1)", day)  # as the owner of the tables, which the service need not be


def _day(id: str) -> int:
    """The day since 1970 inside a UUIDv7. Raises: Malformed."""
    if id[14] != "7":
        raise Malformed("ce_id", "is no UUIDv7, so the archive has no day for it")
    return int(id[:8] + id[9:13], 16) // _DAY_MS


def _date(day: int) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day):%Y%m%d}"

