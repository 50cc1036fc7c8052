"""What a transaction writes last, in one statement: messages to the outbox, timers, and the answer
of the command.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import count
from typing import NamedTuple
from uuid import UUID

from google.protobuf.message import Message

from kit.db.driver import Driver

COPIED = 1000  # messages from which COPY is faster than one insert from arrays


class OutboxMessage(NamedTuple):
    """An event on its way to the outbox: the columns in the table's order, then the event."""

    part: int
    id: UUID
    topic: str
    key: str
    headers: str
    payload: bytes
    recorded_at: datetime
    event: Message


class Answer(NamedTuple):
    """What a command answered, sealed, under its idempotency key.

    client: whose key it is. former: whose it was in the release before; the same key with the same
    digest there was answered already.
    """

    client: str
    method: str
    key: str
    digest: bytes
    sealed: bytes
    answered_at: datetime
    former: str


class Repeated(Exception):
    """The same idempotency key was answered before, or at this moment by somebody else; the
    transaction must be rolled back.
    """


Timers = Mapping[tuple[str, str], datetime | None]

_COLUMNS = ("part", "id", "topic", "key", "headers", "payload", "recorded_at")


async def write(
    driver: Driver,
    messages: Sequence[OutboxMessage],
    timers: Timers,
    answer: Answer | None,
) -> None:
    """Writes all of it in one round trip, none where nothing was collected.

    Raises: Repeated.
    """
    if len(messages) > COPIED:
        await driver.copy_records_to_table(
            "outbox", columns=_COLUMNS, records=[message[:7] for message in messages]
        )
        messages = ()
    if not (messages or timers or answer):
        return
    parts, values = steps(messages, timers, answer)
    kept = await driver.fetchval(_statement(parts, answer is not None), *values)
    if answer and not kept:
        raise Repeated


def steps(
    messages: Sequence[OutboxMessage], timers: Timers, answer: Answer | None, after: int = 0
) -> tuple[tuple[str, ...], list[object]]:
    """The steps of the statement, with `?` as places, and the values of the places.

    after: number of steps `write_0 …` before these; a message is inserted only when each has its
    row, so that its `seq` is drawn under the row's lock.
    """
    dues = [(*key, at) for key, at in timers.items() if at is not None]
    cancelled = [key for key, at in timers.items() if at is None]
    parts: list[str] = []
    values: list[object] = []
    if answer:
        parts.append(_KEPT)
        values += (*answer[:6], answer.former, *answer[1:4])
    if len(messages) == 1:
        parts.append(_emitted(_ONE, after))
        values += messages[0][:7]
    elif messages:
        parts.append(_emitted(_MANY, after))
        values += list(zip(*(message[:7] for message in messages), strict=True))
    if dues:
        parts.append(_DUE)
        values += list(zip(*dues, strict=True))
    if cancelled:
        parts.append(_CANCEL_TIMERS)
        values += list(zip(*cancelled, strict=True))
    return tuple(parts), values


_KEPT = """
kept as (
    insert into command (client, method, key, digest, answer, answered_at)
    select ?::text, ?::text, ?::text, ?::bytea, ?::bytea, ?::timestamptz
    where not exists (
        select from command
        where client = ?::text and method = ?::text and key = ?::text and digest = ?::bytea)
    on conflict do nothing
    returning 1)"""
_ONE = "select ?::smallint, ?::uuid, ?::text, ?::text, ?::text, ?::bytea, ?::timestamptz"
_MANY = (
    "select * from unnest(?::smallint[], ?::uuid[], ?::text[], ?::text[], ?::text[], "
    "?::bytea[], ?::timestamptz[])"
)
_DUE = """
due_set as (
    insert into due (kind, key, at, tries)
    select *, 0 from unnest(?::text[], ?::text[], ?::timestamptz[])
    on conflict (kind, key) do update
    set at = excluded.at, tries = 0, not_before = null, reason = null)"""
_CANCEL_TIMERS = (
    "due_gone as (delete from due where (kind, key) in (select * from unnest(?::text[], "
    "?::text[])))"
)


def one_each(steps: Sequence[str]) -> str:
    """The condition that each of these steps touched one row."""
    counts = (f"(select count(*) from {step})" for step in steps)  # noqa: S608 - our own names
    return " and ".join(f"{count} = 1" for count in counts)


@cache
def _emitted(rows: str, after: int) -> str:
    only = one_each(tuple(f"write_{n}" for n in range(after)))
    return " ".join(
        [
            "emitted as (insert into outbox",
            f"({', '.join(_COLUMNS)})",
            rows,
            f"where {only})" if only else ")",
        ]
    )


@cache
def _statement(parts: tuple[str, ...], answer: bool) -> str:
    return " ".join(
        ["with", numbered(", ".join(parts)), "select", "count(*) from kept" if answer else "1"]
    )


def numbered(text: str, before: int = 0) -> str:
    """The text with its places numbered, from the one after `before`."""
    places = count(before + 1)
    return re.sub(r"\?", lambda _: f"${next(places)}", text)
