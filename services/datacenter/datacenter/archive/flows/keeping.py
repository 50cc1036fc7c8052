"""Keeps every event as it came; the archive is also what tells a repetition."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import asyncpg

from datacenter.archive.flows import exported
from kit.contracts import ids
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Malformed
from kit.db.store import Store
from kit.messaging.subscriptions import Fact

# days whose partitions are there before their first event: a week without this duty is still no
# delay
AHEAD = 7

NO_DAY_IN_ID = Phrase(
    "is a UUIDv7, so that the archive has a day for it",
    "应为 UUIDv7，归档才有对应的日期",
    key="DAY_IN_ID",
)
_DAY_MS = 86_400_000

_KEPT = "select id::text from archive where id = any($1::uuid[])"

_COLUMNS = (
    "id",
    "type",
    "source",
    "subject",
    "thing",
    "sequence",
    "area_code",
    "time",
    "topic",
    "partition",
    "offset",
    "traceparent",
    "headers",
    "payload",
    "batch",
)
_IN_COLUMNS = frozenset(
    ("ce_id", "ce_type", "ce_source", "ce_subject", "ce_sequence", "ce_time", "traceparent")
)


async def new_ids(driver: asyncpg.Connection, facts: Sequence[Fact]) -> set[str]:
    """Ids of the events that are not in the archive yet."""
    ids = {fact.id for fact in facts}
    return ids.difference(row[0] for row in await driver.fetch(_KEPT, list(ids)))


async def keep(
    driver: asyncpg.Connection, facts: Sequence[tuple[Fact, str | None, str | None]], batch: int
) -> None:
    """Writes events with their thing and area; none of them is there yet.

    Raises: Malformed where an id is no UUIDv7; DayExported where its day is a file, so that nobody
    knows whether it came before.
    """
    await _ensure_days(driver, [fact.id for fact, _, _ in facts])
    rows = [
        (
            fact.id,
            fact.type,
            fact.source,
            fact.subject,
            thing,
            fact.sequence,
            area,
            fact.time,
            fact.topic,
            fact.partition,
            fact.offset,
            fact.traceparent,
            _lines(fact),
            fact.payload,
            batch,
        )
        for fact, thing, area in facts
    ]
    await driver.copy_records_to_table("archive", records=rows, columns=_COLUMNS)


def _lines(fact: Fact) -> bytes:
    return b"\n".join(
        [
            name.encode() + b": " + value
            for name, value in fact.headers
            if value is not None and name not in _IN_COLUMNS
        ]
    )


async def _ensure_days(driver: asyncpg.Connection, ids: Iterable[str]) -> None:
    """Makes the partitions of the days inside these ids; the lock on the projection's row keeps two
    from making one at a time.
    """
    for day in sorted({_day(id) for id in ids}):
        if await driver.fetchval("select to_regclass($1)", f"archive_p{_date(day)}") is None:
            await exported.refuse(driver, date(1970, 1, 1) + timedelta(days=day))
            await driver.execute(
                "select make_archive_day($1)", day
            )  # as the owner of the tables, which the service need not be


async def prepare(store: Store) -> None:
    """Makes the partitions of today and the days to come, so that no batch waits for one.

    Raises: Unavailable where others hold the archive.
    """
    today = store.clock.real()
    async with store.transaction() as session:
        driver = await session.driver()
        await driver.execute(
            "set local lock_timeout = '500ms'"
        )  # meanwhile batches wait behind this
        await driver.fetchrow("select from projection for update")
        await _ensure_days(
            driver, [str(ids.least(today + timedelta(days=ahead))) for ahead in range(AHEAD + 1)]
        )


def _day(id: str) -> int:
    """The day since 1970 inside a UUIDv7. Raises: Malformed."""
    if id[14] != "7":
        raise Malformed("ce_id", NO_DAY_IN_ID)
    return int(id[:8] + id[9:13], 16) // _DAY_MS


def _date(day: int) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day):%Y%m%d}"
