"""What this service publishes again for a lost replica."""

import json
import uuid

from assessment.elders.rules import Status
from assessment.elders.tables import Elder
from assessment.snapshots import SNAPSHOT_SOURCES
from assessment.testing import an_elder, report_death
from kit.db.store import Store
from kit.messaging import snapshots


async def test_everything_is_published_again_at_its_present_version(store: Store):
    async with store.transaction() as session:
        made = [(await an_elder(session)).elder_id for _ in range(5)]
        await report_death(session, made[0], "2026-01-01")
    async with store.transaction() as session:
        await (await session.driver()).execute("delete from outbox")

    assert await snapshots.republish(store, SNAPSHOT_SOURCES["elder"], at_once=2, pause_s=0) == 5

    async with store.reading() as session:
        messages = await (await session.driver()).fetch("select key, headers from outbox")
    published = {message["key"]: json.loads(message["headers"]) for message in messages}
    assert {
        key: (headers["ce_type"].rpartition(".")[2], int(headers["ce_sequence"]))
        for key, headers in published.items()
    } == {
        elder_id: ("ElderDied", 2) if elder_id == made[0] else ("ElderRegistered", 1)
        for elder_id in made
    }
    async with store.reading() as session:
        assert (await session.get(Elder, uuid.UUID(made[0]))).status is Status.DEAD
