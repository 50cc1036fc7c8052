"""What a transaction writes last, in one statement: letters to the outbox, timers, and the answer of the command."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from google.protobuf.message import Message

COPIED = 1000  # letters from which COPY is faster than one insert from arrays


class Letter(NamedTuple):
    """An event on its way to the outbox; the columns in the table's order, then the message itself."""

    part: int
    id: UUID
    topic: str
    key: str
    headers: str
    payload: bytes
    recorded_at: datetime
    event: Message


class Answer(NamedTuple):
    """What a command answered, sealed, under its idempotency key."""

    client: str
    method: str
    key: str
    digest: bytes
    sealed: bytes
    answered_at: datetime


class Repeated(Exception):
    """The same idempotency key was answered before, or at this moment by somebody else; the transaction must be rolled back."""


Timers = Mapping[tuple[str, str], datetime | None]

_COLUMNS = ("part", "id", "topic", "key", "headers", "payload", "recorded_at")


async def write(driver: asyncpg.Connection, letters: Sequence[Letter], timers: Timers, answer: Answer | None) -> None:
    """Writes all of it in one round trip, none where nothing was collected.

    Raises: Repeated.
    """
    if len(letters) > COPIED:
        await driver.copy_records_to_table("outbox", columns=_COLUMNS, records=[letter[:7] for letter in letters])
        letters = ()
    if not (letters or timers or answer):
        return
    dues = [(*key, at) for key, at in timers.items() if at is not None]
    undues = [key for key, at in timers.items() if at is None]
    values: list[Any] = []
    if answer:
        values += answer
    if len(letters) == 1:
        values += letters[0][:7]
    elif letters:
        values += list(zip(*(letter[:7] for letter in letters), strict=True))
    for rows in (dues, undues):
        if rows:
            values += list(zip(*rows, strict=True))
    kept = await driver.fetchval(_statement(answer is not None, min(len(letters), 2), bool(dues), bool(undues)), *values)
    if answer and not kept:
        raise Repeated


_KEPT = """kept as (insert into command (client, method, key, digest, answer, answered_at) values (?, ?, ?, ?, ?, ?)
    on conflict do nothing returning 1)"""
_SAID_ONE = "said as (insert into outbox (part, id, topic, key, headers, payload, recorded_at) values (?, ?, ?, ?, ?, ?, ?))"
_SAID_MANY = """said as (insert into outbox (part, id, topic, key, headers, payload, recorded_at) select * from
    unnest(?::smallint[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::bytea[], ?::timestamptz[]))"""
_DUE = """due_set as (insert into due (kind, key, at, tries) select *, 0 from unnest(?::text[], ?::text[], ?::timestamptz[])
    on conflict (kind, key) do update set at = excluded.at, tries = 0, not_before = null, reason = null)"""
_UNDUE = "due_gone as (delete from due where (kind, key) in (select * from unnest(?::text[], ?::text[])))"


@cache
def _statement(answer: bool, letters: int, dues: bool, undues: bool) -> str:
    """letters: 0, 1, or 2 for more than one."""
    steps = [_KEPT] * answer + ["", _SAID_ONE, _SAID_MANY][letters:letters + 1] * (letters > 0) + [_DUE] * dues + [_UNDUE] * undues
    places = count(1)
    numbered = re.sub(r"\?", lambda _: f"${next(places)}", ", ".join(steps))
    return " ".join(["with", numbered, "select", "count(*) from kept" if answer else "1"])
