"""What this service publishes again for a lost replica."""

import json

from eldercare.facility.v1 import api_pb2 as api

from facility.snapshots import SNAPSHOT_SOURCES
from facility.testing import OFFICIAL, facility, worker
from facility.workers import flows as workers
from kit.db.store import Store
from kit.messaging import snapshots


async def test_everything_is_published_again_at_its_present_version(store: Store):
    async with store.transaction() as session:
        opened = await facility(session)
        made = await worker(session, opened.organisation_id)
        await workers.leave(session, api.LeaveWorker(worker_id=made.worker_id), OFFICIAL)
    async with store.transaction() as session:
        await (await session.driver()).execute("delete from outbox")

    assert [
        await snapshots.republish(store, master, at_once=1, pause_s=0)
        for master in SNAPSHOT_SOURCES.values()
    ] == [1, 1, 1]

    async with store.reading() as session:
        messages = [
            json.loads(row["headers"])
            for row in await (await session.driver()).fetch(
                "select headers from outbox order by seq"
            )
        ]
    assert [
        (message["ce_type"].rpartition(".")[2], int(message["ce_sequence"])) for message in messages
    ] == [
        ("OrganisationRegistered", 1),
        ("FacilityOpened", 1),
        ("WorkerLeft", 2),
    ]
