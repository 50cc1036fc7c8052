"""A worker's name, number and phone are renewed as what they are, and the number is known again
under the new key.
"""

import dataclasses
from uuid import UUID

import pytest

from facility.organisations import flows as organisations
from facility.organisations.errors import KnownAlready
from facility.testing import CONTEXT, OFFICIAL, a_worker, an_organisation
from facility.workers import flows as workers
from facility.workers.tables import Worker
from kit.db import rotation, tables
from kit.db.personal import KeyRing
from kit.db.store import Store
from testkit.databases import key_ring

OLD, NEW = key_ring(), key_ring().replace("test", "new")
BEFORE, ROTATING, AFTER = (
    dataclasses.replace(CONTEXT, ring=KeyRing(keys, keys)) for keys in (OLD, f"{NEW},{OLD}", NEW)
)


async def test_new_keys_alone_open_and_know_every_worker(store: Store) -> None:
    async with store.transaction() as session:
        firm = (
            await organisations.register(session, an_organisation(), OFFICIAL, BEFORE)
        ).organisation
        command = a_worker(firm.organisation_id)
        worker_id = (await workers.register(session, command, OFFICIAL, BEFORE)).worker.worker_id
    (personal,) = rotation.tables(tables.metadata("facility"))

    with pytest.raises(KnownAlready):
        async with store.transaction() as session:
            await workers.register(session, command, OFFICIAL, ROTATING)
    done = await rotation.rotate(store, ROTATING.ring, personal)

    assert (done.renewed, done.left) == (1, {})
    async with store.reading() as session:
        row = await session.get(Worker, UUID(worker_id))
    opened = [
        AFTER.ring.open(getattr(row, f"{kind}_sealed"), kind)
        for kind in ("name", "id_number", "phone")
    ]
    assert opened == [command.name, command.id_number, command.phone]
    with pytest.raises(KnownAlready):
        async with store.transaction() as session:
            await workers.register(session, command, OFFICIAL, AFTER)
