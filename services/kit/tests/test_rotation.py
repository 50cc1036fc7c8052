"""Keys rotate row by row, beside writers and over crashes; what cannot be renewed is named and
stays.
"""

import asyncio
import base64
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.schema import CreateTable
from sqlmodel import Field

from kit.contracts.clock import Clock
from kit.db import columns, rotation
from kit.db.columns import hashed, sealed
from kit.db.personal import KeyRing
from kit.db.store import Store
from kit.db.tables import TableBase, metadata
from testkit import until

OLD, NEW = (f"{name}:{base64.b64encode(os.urandom(32)).decode()}" for name in ("old", "new"))
BEFORE, ROTATING, AFTER = (
    KeyRing(OLD, OLD),
    KeyRing(f"{NEW},{OLD}", f"{NEW},{OLD}"),
    KeyRing(NEW, NEW),
)
# A rotation as a process that can be killed.
ALONE = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from test_rotation import PERSON
from kit.db import rotation
from kit.contracts.clock import Clock
from kit.db.personal import KeyRing
from kit.db.store import Store
async def main():
    store = Store(sys.argv[1], service="kit", clock=Clock())
    ring = KeyRing(sys.argv[2], sys.argv[3])
    done = await rotation.rotate(store, ring, PERSON, batch=5, pause_s=0.05)
    print(done.renewed)
asyncio.run(main())
"""


class Person(TableBase, table=True):
    county: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    name_sealed: bytes = sealed("name")
    phone_sealed: bytes | None = sealed("phone", default=None)
    phone_digest: bytes | None = hashed("phone", of="phone_sealed", default=None, unique=True)


(PERSON,) = columns.personal(metadata(Person.__module__.partition(".")[0]))


def a_person(ring: KeyRing, number: int, phone: str | None = None) -> Person:
    phone = phone or f"138{number:08d}"
    return Person(
        county="341102",
        number=number,
        name_sealed=ring.seal(f"李{number}", "name"),
        phone_sealed=ring.seal(phone, "phone"),
        phone_digest=ring.digest("phone", phone),
    )


@pytest_asyncio.fixture
async def people(database: Callable[..., Any], clock: Clock) -> AsyncIterator[Store]:
    """A hundred people under the old keys, and one of whom nothing but the name is known."""
    store = Store(await database(), service="kit", clock=clock)
    async with store.transaction() as session:
        await session.exec(CreateTable(Person.__table__))
        session.add_all([a_person(BEFORE, number) for number in range(100)])
        session.add(Person(county="341103", number=0, name_sealed=BEFORE.seal("王", "name")))
    yield store
    await store.close()


async def under(store: Store) -> dict[tuple[str, str], int]:
    """Values by column and key."""
    return {
        (count.column, count.key): count.rows
        for count in await rotation.counts(store, ROTATING, [PERSON])
    }


async def test_afterwards_the_new_keys_alone_open_and_find_everything(people: Store) -> None:
    assert await under(people) == {
        ("name_sealed", "old"): 101,
        ("phone_sealed", "old"): 100,
        ("phone_digest", "old"): 100,
    }

    done = await rotation.rotate(people, ROTATING, PERSON, batch=7, page=13)

    assert (done.renewed, done.left) == (101, {})
    assert await under(people) == {
        ("name_sealed", "new"): 101,
        ("phone_sealed", "new"): 100,
        ("phone_digest", "new"): 100,
    }
    async with people.reading() as session:
        for number in range(100):
            row = await session.get(Person, ("341102", number))
            assert AFTER.open(row.name_sealed, "name") == f"李{number}"
            assert row.phone_digest in AFTER.digests("phone", AFTER.open(row.phone_sealed, "phone"))
        nameless = await session.get(Person, ("341103", 0))
    assert (
        AFTER.open(nameless.name_sealed, "name"),
        nameless.phone_sealed,
        nameless.phone_digest,
    ) == ("王", None, None)
    assert (await rotation.rotate(people, ROTATING, PERSON)).renewed == 0


async def test_a_writer_who_holds_a_row_is_not_waited_for_and_not_overwritten(
    people: Store,
) -> None:
    async with people.transaction() as session:
        row = await session.get_locked(Person, ("341102", 50))
        rotating = asyncio.create_task(rotation.rotate(people, ROTATING, PERSON))

        async def all_but_one() -> bool:
            assert not rotating.done()
            return (await under(people)).get(("name_sealed", "new")) == 100

        await until(all_but_one, what="the rows that nobody holds")
        row.phone_sealed, row.phone_digest = (
            BEFORE.seal("13900000000", "phone"),
            BEFORE.digest("phone", "13900000000"),
        )

    done = await rotating
    assert done.renewed == 101
    async with people.reading() as session:
        row = await session.get(Person, ("341102", 50))
        assert AFTER.open(row.phone_sealed, "phone") == "13900000000"
        assert row.phone_digest == AFTER.digest("phone", "13900000000")


async def test_a_killed_rotation_goes_on_where_it_was(people: Store) -> None:
    ring = f"{NEW},{OLD}"
    program = [sys.executable, "-c", ALONE, people.dsn, ring, ring, os.path.dirname(__file__)]
    child = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    while not (renewed := (await under(people)).get(("name_sealed", "new"), 0)):
        assert child.returncode is None
    child.send_signal(signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
    renewed = (await under(people))["name_sealed", "new"]

    again = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    printed, _ = await again.communicate()

    assert 0 < renewed < 101
    assert int(printed) == 101 - renewed
    assert await under(people) == {
        ("name_sealed", "new"): 101,
        ("phone_sealed", "new"): 100,
        ("phone_digest", "new"): 100,
    }


async def test_what_cannot_be_renewed_is_named_and_the_rest_goes_on(people: Store) -> None:
    lost = KeyRing(f"lost:{base64.b64encode(os.urandom(32)).decode()}", OLD)
    async with people.transaction() as session:
        session.add(a_person(lost, 200))
        session.add(
            a_person(ROTATING, 201, "13800000001")
        )  # the phone that 1 has, under the other key

    done = await rotation.rotate(people, ROTATING, PERSON, batch=10)

    assert done.renewed == 100
    assert done.left == {
        ("341102", 200): "sealed under key 'lost', which this service does not have",
        ("341102", 1): "another row has what this one would get: person_phone_digest_uq",
    }


async def test_answers_of_commands_are_renewed_only_where_asked_for(people: Store) -> None:
    kit = metadata("kit")

    assert rotation.tables(kit) == []
    assert [personal.table.name for personal in rotation.tables(kit, answers=True)] == ["command"]


@pytest.mark.parametrize(("ring", "entering"), [(BEFORE, 2), (ROTATING, 1)])
async def test_one_value_is_registered_by_one_at_a_time_while_a_key_rotates(
    people: Store, ring: KeyRing, entering: int
) -> None:
    inside, over = 0, asyncio.Event()

    async def enter() -> None:
        nonlocal inside
        async with people.transaction() as session:
            await rotation.one_at_a_time(session, ring.digests("phone", "13800000001"))
            inside += 1
            await over.wait()

    async def settled() -> bool:
        async with people.reading() as session:
            waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            return inside + await (await session.driver()).fetchval(waiting) == 2

    both = [asyncio.create_task(enter()) for _ in range(2)]
    await until(settled)
    assert inside == entering  # with one key the unique index decides
    over.set()
    await asyncio.gather(*both)
    assert inside == 2
