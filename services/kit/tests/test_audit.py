import asyncio
import uuid
from types import SimpleNamespace

import pytest

from devservers.postgres import execute
from kit.db.final_write import Repeated
from kit.db.retention import Retention
from kit.db.store import Store
from kit.security.access import Caller
from kit.security.audit import AuditChain, first_broken_position, record, record_read

ACCESS = SimpleNamespace(
    caller=Caller(subject="official-7", client_id="portal", roles=frozenset({"official"})),
    client_id="portal",
    method="eldercare.trial.v1.Trials/Read",
    channel="portal",
    correlation_id="flow",
)


async def look(store: Store, times: int) -> None:
    for _ in range(times):
        await record_read(store, ACCESS, [uuid.uuid4()], "visit")


async def test_records_are_chained_after_the_request_and_the_chain_holds(pebbles) -> None:
    await look(pebbles.store, 3)
    async with pebbles.store.transaction() as session:
        await record(session, ACCESS, ["a", "b"])

    assert await AuditChain(pebbles.store).seal() == 4
    assert await AuditChain(pebbles.store).seal() == 0
    await look(pebbles.store, 2)
    assert await AuditChain(pebbles.store).seal() == 2

    assert await first_broken_position(pebbles.store) is None
    async with pebbles.store.raw() as session:
        rows = await session.fetch(
            "select position, subject, elder_ids from audit_record order by position"
        )
    assert [row["position"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[3]["elder_ids"] == ["a", "b"]


@pytest.mark.parametrize(
    ("tampering", "at"),
    [
        ("update audit_record set subject = 'somebody else' where position = 3", 3),
        ("update audit_record set elder_ids = '{x}' where position = 2", 2),
        ("delete from audit_record where position = 4", 4),
        ("update audit_record set position = position + 100 where position = 5", 5),
    ],
)
async def test_what_is_changed_or_taken_out_is_found(pebbles, tampering: str, at: int) -> None:
    await look(pebbles.store, 6)
    await AuditChain(pebbles.store).seal()

    await execute(pebbles.dsn, tampering)

    assert await first_broken_position(pebbles.store) == at


async def test_two_sealers_make_one_chain(pebbles, clock, until) -> None:
    other = Store(pebbles.dsn, service="kit", clock=clock)
    sealers = [AuditChain(pebbles.store), AuditChain(other)]
    running = [asyncio.create_task(sealer.run()) for sealer in sealers]

    await look(pebbles.store, 40)
    await until(lambda: sealed(pebbles.store, 40))
    for sealer in sealers:
        sealer.stop()
    await asyncio.gather(*running)
    await other.close()

    assert await first_broken_position(pebbles.store) is None


async def sealed(store: Store, count: int) -> bool:
    async with store.raw() as session:
        row = await session.fetchrow(
            "select count(*) filter (where position is not null), max(position) from audit_record"
        )
    return tuple(row) == (count, count)


async def test_an_access_is_noted_with_the_work_of_a_hot_flow_or_not_at_all(pebbles) -> None:
    async def fail() -> None:
        async with pebbles.store.raw() as session:
            await record(session, ACCESS, ["a"])
            session.write("update pebble set pushed = 1 where pebble_id = $1", uuid.uuid4())

    with pytest.raises(Repeated):
        await fail()

    assert await AuditChain(pebbles.store).seal() == 0


@pytest.mark.parametrize("loop", [AuditChain, Retention])
async def test_a_database_without_its_tables_makes_a_loop_rest_and_not_end(
    pebbles, until, loop: type[AuditChain | Retention]
) -> None:
    for table in ("audit_record", "command"):
        await execute(pebbles.dsn, f"alter table {table} rename to gone_{table}")
    tended = loop(pebbles.store)
    before = tended.progress

    running = asyncio.create_task(tended.run())
    await until(
        lambda: running.done() or tended.progress > before, 5, what="it has looked and rests"
    )
    tended.stop()

    await running
