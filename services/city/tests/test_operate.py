"""What operators do to one service with the command, in the service's own environment as in its
container.
"""

import asyncio
import subprocess
import sys
import uuid

import asyncpg
import pytest
import pytest_asyncio

from kit.contracts.clock import Clock
from kit.db.store import Store
from kit.rpc.methods import Call
from kit.security.access import Caller
from kit.security.audit import AuditChain, record_read
from testkit.databases import Databases

TOPIC = "eldercare.order.v1"
PARKED = """insert into parked
    ("group", cluster, topic, partition, "offset", headers, payload, held, passed, attempts, reason,
     detail)
    values
    ('supervision', 'c', $1, 0, 7, '[["ce_type", "eldercare.dispatch.v1.OrderFinished"]]', '',
     false, false, 3, 'UNWELCOME', 'nobody asked')"""
POSITION = """insert into position
    ("group", cluster, topic, partition, begin, next, applied, repeated, foreign_, waiting, parked,
     held, gaps, run)
    values ('supervision', 'c', $1, 0, 0, 8, 7, 0, 0, 0, 1, 0, 0, 50)"""


@pytest.fixture(scope="module")
def package() -> str:
    return "supervision"


@pytest_asyncio.fixture
async def dsn(database: Databases) -> str:
    return await database()


async def eldercare(dsn: str, *arguments: str) -> tuple[int, str]:
    """The exit code and the output of `eldercare ARGUMENTS` in a container of the service."""
    variables = {
        "DATABASE": dsn,
        "KAFKA": "127.0.0.1:9",
        "ISSUER": "http://issuer",
        "KEYS_URL": "http://127.0.0.1:9/keys",
    }
    job = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "city",
        *arguments,
        env={"PATH": "/usr/bin:/bin", **variables},
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await job.communicate()
    return job.returncode or 0, output.decode()


async def test_a_parked_record_is_listed_and_skipped_and_stays_as_evidence(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(PARKED, TOPIC)

    listed = await eldercare(dsn, "parked", "list", "supervision")
    skipped = await eldercare(dsn, "parked", "skip", "supervision", TOPIC, "0", "7")
    absent = await eldercare(dsn, "parked", "skip", "supervision", TOPIC, "0", "8")

    assert listed[0] == 0
    assert f"{TOPIC}/0@7" in listed[1]
    assert skipped == (0, f"{TOPIC}/0@7 is skipped; behind it 0 went through, 0 are left\n")
    assert absent == (1, f"supervision: nothing is parked at offset 8 of {TOPIC} 0\n")
    assert await connection.fetchval("select passed from parked")
    await connection.close()


async def test_a_group_that_stopped_may_go_on_and_what_kafka_deleted_is_a_gap(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(POSITION, TOPIC)

    assert (await eldercare(dsn, "parked", "resume", "supervision"))[0] == 0
    assert await connection.fetchval("select run from position") == 0

    lost = await eldercare(dsn, "parked", "accept-loss", "supervision", TOPIC, "0", "30")
    assert lost == (
        0,
        f"{TOPIC}/0: 22 records before offset 30 count as lost; start supervision again\n",
    )
    assert await connection.fetchrow("select next, gaps from position") == (30, 22)
    await connection.close()


async def test_a_changed_audit_record_is_found(dsn: str, clock: Clock) -> None:
    store = Store(dsn, service="supervision", clock=clock)
    caller = Caller(subject="official-7", client_id="portal", roles=frozenset({"official"}))
    call = Call(
        caller, None, "portal", clock.now(), "flow", method="eldercare.supervision.v1.Audits/Get"
    )
    for _ in range(3):
        await record_read(store, call, [uuid.uuid4()], "visit")
    await AuditChain(store).seal()
    await store.close()

    whole = await eldercare(dsn, "audit", "verify", "supervision")
    connection = await asyncpg.connect(dsn)
    await connection.execute("update audit_record set subject = 'somebody else' where position = 2")
    await connection.close()
    broken = await eldercare(dsn, "audit", "verify", "supervision")

    assert whole[0] == 0, whole[1]
    assert "the chain of audit records holds" in whole[1]
    assert broken == (1, "supervision: the chain of audit records is broken at position 2\n")
