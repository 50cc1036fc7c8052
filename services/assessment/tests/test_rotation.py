"""Keys rotate under a service that goes on: nothing is lost, everything is found, and then the old
key may leave.
"""

import asyncio
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api

from assessment.context import Context
from assessment.elders import flows as elders
from assessment.elders import queries
from assessment.elders.tables import Elder
from assessment.testing import ELSEWHERE, OFFICIAL, a_context, a_key, a_registration
from kit.contracts.modules import import_all
from kit.db import rotation, tables
from kit.db.personal import KeyRing
from kit.db.store import Store

OLD, NEW = (a_key("old", 3), a_key("old", 4)), (a_key("new", 5), a_key("new", 6))
BEFORE = a_context(KeyRing(*OLD))
ROTATING = a_context(KeyRing(*(f"{new},{old}" for new, old in zip(NEW, OLD, strict=True))))
AFTER = a_context(KeyRing(*NEW))
import_all("assessment", "tables")
PERSONAL = rotation.tables(tables.metadata("assessment"))


async def registered(store: Store, context: Context, count: int) -> dict[UUID, api.RegisterElder]:
    known = {}
    async with store.transaction() as session:
        for _ in range(count):
            command = a_registration(name="欧阳李小明", phone=f"139{len(known):08d}")
            known[
                UUID((await elders.register(session, command, OFFICIAL, context)).elder.elder_id)
            ] = command
    return known


async def changed(store: Store, elder_id: UUID, **given: object) -> None:
    async with store.transaction() as session:
        await elders.change(
            session, api.ChangeElder(elder_id=str(elder_id), **given), OFFICIAL, ROTATING
        )


async def rotated(store: Store) -> dict[str, int]:
    return {
        each.table.name: (
            await rotation.rotate(store, ROTATING.ring, each, batch=20, page=50)
        ).renewed
        for each in PERSONAL
    }


async def test_the_tables_with_personal_columns_are_these() -> None:
    assert {each.table.name: len(each.sealed) + len(each.hashed) for each in PERSONAL} == {
        "elder": 11,
        "application": 1,
        "assessment": 2,
        "import_chunk": 1,
        "import_failure": 1,
        "life_event": 4,
    }


async def test_after_a_rotation_beside_writers_the_new_keys_alone_open_and_find_every_elder(
    store: Store,
) -> None:
    known = await registered(store, BEFORE, 200)
    movers, callers = list(known)[:40], list(known)[40:80]

    async def write() -> None:
        for mover, caller in zip(movers, callers, strict=True):
            await changed(store, mover, area_code=ELSEWHERE)
            await changed(store, caller, phone="13700000000", address="新路9号")

    async def register() -> dict[UUID, api.RegisterElder]:
        return await registered(store, ROTATING, 5)

    _, renewed, fresh = await asyncio.gather(write(), rotated(store), register())
    await rotated(store)

    assert renewed["elder"] > 0
    assert all(count.current for count in await rotation.counts(store, ROTATING.ring, PERSONAL))
    async with store.reading() as session:
        for elder_id, command in (known | fresh).items():
            row = await session.get(Elder, elder_id)
            phone = "13700000000" if elder_id in callers else command.phone
            assert queries.opened(AFTER.ring, row, "name") == "欧阳李小明"
            assert queries.opened(AFTER.ring, row, "phone") == phone
            assert queries.opened(AFTER.ring, row, "address") == (
                "新路9号" if elder_id in callers else "琅琊路1号"
            )
            assert queries.opened(AFTER.ring, row, "position") == "118.3 32.3"
            assert queries.opened(AFTER.ring, row, "contact_phone") == "13900000001"
            by_number = await queries.elders(
                session, api.ListElders(id_number=command.id_number), OFFICIAL, AFTER
            )
            assert [found.elder.elder_id for found in by_number.rows] == [str(elder_id)]
        for area, count in ((ELSEWHERE[:6] + "000000", 40), ("341102000000", 165)):
            for name in ("欧阳", "李明"):
                page = await queries.elders(
                    session, api.ListElders(name=name, area_code=area, limit=500), OFFICIAL, AFTER
                )
                assert len(page.rows) == count
        by_phone = await queries.elders(
            session, api.ListElders(phone="13700000000", limit=500), OFFICIAL, AFTER
        )
        assert {UUID(found.elder.elder_id) for found in by_phone.rows} == set(callers)
