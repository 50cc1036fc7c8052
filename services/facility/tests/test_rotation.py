"""A worker's name, number and phone are renewed as what they are, and the number is known again
under the new key.
"""

import dataclasses
from uuid import UUID

import pytest

from facility.errors import KnownAlready
from facility.flows import organisations, workers
from facility.tables import Worker
from facility.testing import a_ground, a_worker, an_official, an_organisation
from kit.db import rotation, tables
from kit.db.personal import KeyRing
from kit.db.store import Store
from testkit.databases import key_ring

OLD, NEW = key_ring(), key_ring().replace("test", "new")
GROUND, OFFICIAL = a_ground(), an_official()
BEFORE, ROTATING, AFTER = (
    dataclasses.replace(GROUND, ring=KeyRing(keys, keys)) for keys in (OLD, f"{NEW},{OLD}", NEW)
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
