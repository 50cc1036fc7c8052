"""Fits Kafka to databases that were brought back to an earlier instant: new topics, the part of the
tail that is true, a new epoch.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import UUID

import asyncpg
from confluent_kafka.admin import AdminClient

from city.backup import positions, tail
from city.backup.making import TAIL, Manifest
from city.backup.tail import Offsets, Partition
from city.operations import topics
from kit.contracts.clock import Clock
from kit.contracts.modules import import_all
from kit.db import epochs
from kit.db.connections import connect_options
from kit.db.store import Store
from kit.messaging.bootstrap import Bootstrap
from kit.messaging.clusters import cluster_of

GONE_S = 60.0
# What a run that was cut off leaves to the next one.
SPANS = "spans.json"
COPIES = "replication.json"
_EPOCH = "select epoch from epoch where restore_id = $1"
_OTHERS = """
select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
  and backend_type = 'client backend'"""
Say = Callable[[str], None]


class InUse(Exception):
    """Somebody is connected to a database that is to begin a new epoch: a service that runs on
    would go on publishing in the old one.
    """


class CopiesUnknown(Exception):
    """The old topics are gone and nobody named how many copies the new ones need; one copy is lost
    with its broker.
    """


def realign(
    folder: Path,
    manifest: Manifest,
    kafka: Bootstrap,
    databases: Mapping[str, str],
    say: Say,
    *,
    replication: int | None = None,
    notes: Path | None = None,
) -> dict[str, int]:
    """Begins the next epoch of every database, and returns its number by service. Blocks.

    The services do not run. Every topic is made anew, also where it exists. Cut off, it may be done
    over; once it is done it changes nothing more. replication: copies of each partition of the new
    topics; None for as many as the old ones have. notes: folder that remembers them, and what is
    true of the tail, until then; by default that of the backup.
    Raises: InUse, CopiesUnknown, tail.Lost, tail.Damaged, KafkaException.
    """
    began = time.monotonic()
    asyncio.run(_alone(databases))
    begun = asyncio.run(_epochs(manifest, databases))
    if begun.keys() == databases.keys():
        say("every database has begun the epoch of this backup already")
        return begun
    spans = _kept_spans(notes or folder) if begun else _spans(manifest, databases)
    _keep_spans(notes or folder, spans)
    copies = _copies(kafka, notes or folder, replication)
    _anew(kafka, manifest.partitions, copies)
    say(f"the topics are made anew with {copies} copies of each partition")
    kept = tail.refill(kafka, folder / TAIL, spans, say)
    copied = sum(manifest.ends.values()) - sum(manifest.starts.values())
    true = sum(map(len, kept.values()))
    say(
        f"{true} of {copied} records of the tail are true, and in the new topics "
        f"({time.monotonic() - began:.1f} s)"
    )
    return asyncio.run(_begun(manifest, kafka, databases, kept))


def _spans(manifest: Manifest, databases: Mapping[str, str]) -> dict[Partition, tuple[int, int]]:
    found = asyncio.run(positions.look(databases, manifest.cluster))
    return {place: _span(place, manifest, found) for place in manifest.ends}


def _keep_spans(folder: Path, spans: Mapping[Partition, tuple[int, int]]) -> None:
    """Beside the tail: a database that has begun its epoch forgets what was true before it."""
    _note(folder / SPANS, [[*place, *span] for place, span in sorted(spans.items())])


def _note(file: Path, content: object) -> None:
    draft = file.with_name(f"{file.name}.new")
    draft.write_text(json.dumps(content))
    draft.rename(file)


def _kept_spans(folder: Path) -> dict[Partition, tuple[int, int]]:
    try:
        return {
            (topic, partition): (first, end)
            for topic, partition, first, end in json.loads((folder / SPANS).read_text())
        }
    except FileNotFoundError:
        raise tail.Lost(
            f"some databases have begun their epoch, and {folder / SPANS} is gone; restore "
            "all of them again"
        ) from None


def _span(place: Partition, manifest: Manifest, found: positions.Positions) -> tuple[int, int]:
    """What some group has not read and what is true of it. Raises: tail.Lost where the backup does
    not hold it.
    """
    first = found.nexts.get(place, manifest.starts[place])
    end = max(found.true.get(place, 0), manifest.before[place])
    if first < end and not (manifest.starts[place] <= first and end <= manifest.ends[place]):
        span = f"{manifest.starts[place]} to {manifest.ends[place]}"
        raise tail.Lost(
            f"{place[0]}/{place[1]}: offsets {first} to {end} are wanted, the tail holds "
            f"{span}: it is of another instant"
        )
    return first, max(first, end)


def _copies(kafka: Bootstrap, folder: Path, wished: int | None) -> int:
    """As many as are wished, or as were noted by a run that was cut off, or as the topics have now;
    noted before any topic goes.
    """
    noted = folder / COPIES
    found = wished or (
        int(json.loads(noted.read_text())) if noted.exists() else topics.copies(kafka)
    )
    if not found:
        raise CopiesUnknown(
            "replication: no topic is left to tell how many copies the new ones need; name "
            "it with --replication"
        )
    _note(noted, found)
    return found


def _anew(kafka: Bootstrap, partitions: int, replication: int) -> None:
    admin = AdminClient(kafka.librdkafka())
    names = {topic.name for topic in topics.declared()}
    there = sorted(names & admin.list_topics(timeout=tail.ANSWER_S).topics.keys())
    if there:
        for done in admin.delete_topics(there, operation_timeout=tail.ANSWER_S).values():
            done.result(timeout=tail.ANSWER_S)
        until = time.monotonic() + GONE_S
        while names & admin.list_topics(timeout=tail.ANSWER_S).topics.keys():
            if time.monotonic() > until:
                raise tail.Lost(
                    f"the old topics are still there {GONE_S:.0f} s after they were deleted"
                )
            time.sleep(0.2)
    topics.apply(kafka, partitions=partitions, replication=replication)


async def _epochs(manifest: Manifest, databases: Mapping[str, str]) -> dict[str, int]:
    """The epochs that this restore has begun, by service."""
    begun = {}
    for service, address in databases.items():
        connection = await asyncpg.connect(address, **connect_options("restore"))
        try:
            if (epoch := await connection.fetchval(_EPOCH, UUID(manifest.backup_id))) is not None:
                begun[service] = int(epoch)
        finally:
            await connection.close()
    return begun


async def _begun(
    manifest: Manifest, kafka: Bootstrap, databases: Mapping[str, str], kept: Offsets
) -> dict[str, int]:
    cluster = await cluster_of(kafka)
    return {
        service: await _begin(service, address, manifest, cluster, kept)
        for service, address in databases.items()
    }


async def _begin(
    service: str, address: str, manifest: Manifest, cluster: str, kept: Offsets
) -> int:
    store = Store(address, service=service, clock=Clock(), pool_size=1)
    try:
        async with store.transaction() as session:
            epoch = await epochs.start(
                session, UUID(manifest.backup_id), lost=manifest.cluster, cluster=cluster, kept=kept
            )
            for module in import_all(service, "restored"):
                await module.start(session, epoch)
            return epoch
    finally:
        await store.close()


async def _alone(databases: Mapping[str, str]) -> None:
    for service, address in databases.items():
        connection = await asyncpg.connect(address, **connect_options("restore"))
        try:
            if others := await connection.fetchval(_OTHERS):
                raise InUse(
                    f"{service}: {others} others are connected to its database; end every "
                    "service first"
                )
        finally:
            await connection.close()
