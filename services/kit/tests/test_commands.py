import asyncio
import uuid
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from eldercare.assessment.v1.events_pb2 import ApplicationWithdrawn

from devservers.postgres import execute
from kit.contracts.refusals import Conflict, Unavailable
from kit.db import retention
from kit.messaging import outbox
from kit.rpc import idempotency
from kit.rpc.idempotency import KeyReused

METHOD = "eldercare.trial.v1.Pebbles.Push"


class AlreadyPushed(Conflict):
    """A pebble is pushed once."""


class Pushes:
    """Pushes pebbles as commands, and reads what came of it."""

    def __init__(self, pebbles, withdrawn) -> None:
        self.pebbles, self.withdrawn = pebbles, withdrawn

    async def push(
        self,
        key: str,
        pebble_id: uuid.UUID,
        *,
        body: bytes = b"push",
        client: str = "portal",
        **scope: Any,
    ) -> ApplicationWithdrawn:
        async def work(session) -> ApplicationWithdrawn:
            row = await session.get_locked(self.pebbles.Pebble, pebble_id)
            row.pushed += 1
            return outbox.emit(session, self.withdrawn(pebble_id), row)

        return await idempotency.run(
            self.pebbles.store, client, METHOD, key, body, work, ApplicationWithdrawn, **scope
        )

    async def place(self, key: str) -> ApplicationWithdrawn:
        """Makes a new pebble each time it runs: only the key tells that it ran before."""

        async def work(session) -> ApplicationWithdrawn:
            row = self.pebbles.Pebble(pebble_id=uuid.uuid4())
            session.add(row)
            return outbox.emit(session, self.withdrawn(row.pebble_id), row)

        return await idempotency.run(
            self.pebbles.store, "portal", METHOD, key, b"place", work, ApplicationWithdrawn
        )

    async def push_once(self, key: str, pebble_id: uuid.UUID) -> ApplicationWithdrawn:
        async def work(session) -> ApplicationWithdrawn:
            row = await session.get_locked(self.pebbles.Pebble, pebble_id)
            if row.pushed:
                raise AlreadyPushed(pebble_id=pebble_id)
            row.pushed = 1
            return outbox.emit(session, self.withdrawn(pebble_id), row)

        return await idempotency.run(
            self.pebbles.store, "portal", METHOD, key, b"once", work, ApplicationWithdrawn
        )

    async def push_raw(self, key: str, pebble_id: uuid.UUID) -> ApplicationWithdrawn:
        async def work(session) -> ApplicationWithdrawn:
            row = await session.fetchrow(
                "select version, pushed from pebble where pebble_id = $1", pebble_id
            )
            await asyncio.sleep(0)
            session.write(
                "update pebble set pushed = $1, version = $2 where pebble_id = $3 and version = $4",
                row["pushed"] + 1,
                row["version"] + 1,
                pebble_id,
                row["version"],
            )
            return outbox.emit(session, self.withdrawn(pebble_id), sequence=row["version"] + 1)

        return await idempotency.run(
            self.pebbles.store, "portal", METHOD, key, b"raw", work, ApplicationWithdrawn, raw=True
        )

    async def add(self) -> uuid.UUID:
        async with self.pebbles.store.transaction() as session:
            row = self.pebbles.Pebble(pebble_id=uuid.uuid4())
            session.add(row)
        return row.pebble_id

    async def read(self, query: str) -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(self.pebbles.dsn)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()


@pytest.fixture
def pushes(pebbles, withdrawn) -> Pushes:
    return Pushes(pebbles, withdrawn)


async def test_a_repetition_has_no_second_effect_and_the_same_answer(pushes) -> None:
    pebble = await pushes.add()

    first = await pushes.push("k", pebble)
    second = await pushes.push("k", pebble)

    assert first == second
    assert await pushes.read("select pushed, version from pebble") == [(1, 1)]
    assert await pushes.read("select count(*) from outbox") == [(1,)]


async def test_another_key_or_another_client_is_another_command(pushes) -> None:
    pebble = await pushes.add()

    await pushes.push("k", pebble)
    await pushes.push("l", pebble)
    await pushes.push("k", pebble, client="hotline")

    assert await pushes.read("select pushed from pebble") == [(3,)]


async def test_the_same_key_with_another_body_is_refused_and_names_the_field(pushes) -> None:
    pebble = await pushes.add()
    await pushes.push("k", pebble)

    with pytest.raises(KeyReused) as refused:
        await pushes.push("k", pebble, body=b"another")

    assert (refused.value.reason, refused.value.field) == ("KEY_REUSED", "idempotency-key")
    assert await pushes.read("select pushed from pebble") == [(1,)]


async def test_many_at_once_with_one_key_have_one_effect_and_one_answer(pushes) -> None:
    answers = await asyncio.gather(*(pushes.place("k") for _ in range(24)))

    assert len({answer.application_id for answer in answers}) == 1
    assert await pushes.read("select pebble_id::text from pebble") == [(answers[0].application_id,)]
    assert await pushes.read("select key from outbox") == [(answers[0].application_id,)]


async def test_a_repetition_that_the_first_effect_forbids_still_gets_the_first_answer(
    pushes,
) -> None:
    pebble = await pushes.add()

    answers = await asyncio.gather(*(pushes.push_once("k", pebble) for _ in range(8)))

    assert all(answer == answers[0] for answer in answers)
    with pytest.raises(AlreadyPushed):
        await pushes.push_once("another", pebble)


async def test_a_refusal_is_not_kept_so_the_same_key_may_pass_later(pushes) -> None:
    pebble = await pushes.add()
    await pushes.push_once("k", pebble)
    with pytest.raises(AlreadyPushed):
        await pushes.push_once("later", pebble)

    await execute(pushes.pebbles.dsn, "update pebble set pushed = 0")

    assert (await pushes.push_once("later", pebble)).application_id == str(pebble)


async def test_a_repetition_that_breaks_a_unique_index_gets_the_first_answer(
    pushes, withdrawn
) -> None:
    key = uuid.uuid4()

    async def work(session) -> ApplicationWithdrawn:
        row = pushes.pebbles.Pebble(pebble_id=key)
        session.add(row)
        return outbox.emit(session, withdrawn(key), row)

    answers = [
        await idempotency.run(
            pushes.pebbles.store, "c", METHOD, "k", b"", work, ApplicationWithdrawn
        )
        for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert await pushes.read("select count(*) from outbox") == [(1,)]


async def test_the_kept_answer_is_sealed(pushes) -> None:
    await pushes.place("k")

    [(answer,)] = await pushes.read("select answer from command")

    assert bytes(answer).startswith(b"sealed answer ")


async def test_without_a_vault_no_command_runs(pushes) -> None:
    pushes.pebbles.store.vault = None

    with pytest.raises(LookupError, match="vault"):
        await pushes.place("k")


async def test_raw_commands_that_meet_run_again_on_what_is_there(pushes) -> None:
    pebble = await pushes.add()

    async def until_passed(key: str) -> None:
        while True:
            try:
                await pushes.push_raw(key, pebble)
                return
            except Unavailable:
                await asyncio.sleep(0.01)

    await asyncio.gather(*(until_passed(f"k{n % 8}") for n in range(16)))

    assert await pushes.read("select pushed, version from pebble") == [(8, 8)]
    sequences = await pushes.read(
        "select (headers::json->>'ce_sequence')::int from outbox order by seq"
    )
    assert sequences == [(n,) for n in range(1, 9)]


async def test_a_raw_write_that_touches_no_row_undoes_the_others(pushes, withdrawn) -> None:
    pebble = await pushes.add()

    async def fail() -> None:
        async with pushes.pebbles.store.raw() as session:
            session.write("update pebble set pushed = 7 where pebble_id = $1", pebble)
            session.write("update pebble set pushed = 8 where pebble_id = $1", uuid.uuid4())
            outbox.emit(session, withdrawn(pebble), sequence=1)

    with pytest.raises(idempotency.Repeated):
        await fail()

    assert await pushes.read("select pushed from pebble") == [(0,)]
    assert await pushes.read("select 1 from outbox") == []


async def test_a_raw_flow_that_only_publishes_does_so_once_for_a_repeated_key(pushes) -> None:
    async def work(session) -> ApplicationWithdrawn:
        return outbox.emit(session, pushes.withdrawn(uuid.UUID(int=7)), sequence=1)

    for _ in range(2):
        await idempotency.run(
            pushes.pebbles.store,
            "portal",
            METHOD,
            "k",
            b"say",
            work,
            ApplicationWithdrawn,
            raw=True,
        )

    assert await pushes.read("select count(*) from outbox") == [(1,)]


async def test_a_raw_session_reads_with_fetch_and_nothing_else(pushes) -> None:
    async with pushes.pebbles.store.raw() as session:
        with pytest.raises(ValueError, match="reads with"):
            await session.fetch("delete from pebble")


async def test_old_answers_and_old_inbox_rows_leave_and_young_ones_stay(pushes) -> None:
    for key in ("old", "young"):
        await pushes.place(key)
    await execute(
        pushes.pebbles.dsn,
        "update command set answered_at = now() - interval '36 days' where key = 'old'",
        'insert into inbox (id, source, "group", heard_at) values (gen_random_uuid(), '
        "'s', 'g', now() - interval '15 days'),"
        " (gen_random_uuid(), 's', 'g', now())",
    )

    assert await retention.purge(pushes.pebbles.store) == 2

    assert await pushes.read("select key from command") == [("young",)]
    assert timedelta(days=30) <= retention.COMMANDS_KEPT


async def test_a_key_of_the_release_before_is_still_the_callers_own_and_nobody_elses(pushes):
    pebble_id = await pushes.add()
    replays: list[str] = []
    await pushes.push("key", pebble_id, body=b"of firm one", client="portal")

    for _ in range(2):
        await pushes.push(
            "key",
            pebble_id,
            body=b"of firm one",
            client="portal one",
            former_scope="portal",
            on_replay=lambda: replays.append("one"),
        )
        await pushes.push(
            "key",
            pebble_id,
            body=b"of firm two",
            client="portal two",
            former_scope="portal",
            on_replay=lambda: replays.append("two"),
        )

    assert await pushes.read("select pushed from pebble") == [(2,)]
    assert replays == ["one", "one", "two"]


async def test_another_body_under_an_organisations_key_is_refused(pushes):
    pebble_id = await pushes.add()
    scope = {"client": "portal one", "former_scope": "portal"}
    await pushes.push("key", pebble_id, **scope)

    with pytest.raises(KeyReused):
        await pushes.push("key", pebble_id, body=b"another", **scope)
