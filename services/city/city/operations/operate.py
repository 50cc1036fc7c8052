"""`python -m city.operations.operate SERVICE VERB …`, with the environment of that service;
operators come through `eldercare parked` and its like.
"""

from kit.runtime import collector

if __name__ == "__main__":
    collector.rest()

import asyncio
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module

from sqlalchemy import MetaData

from kit.contracts.modules import import_all
from kit.db import rotation, tables
from kit.messaging import parking, snapshots
from kit.observability import setup
from kit.runtime.entry import settings as configured
from kit.runtime.parts import Parts
from kit.runtime.settings import Settings
from kit.security import audit

SHOWN = 20  # rows that could not be renewed


async def show_parked(parts: Parts, group: str) -> None:
    """One line for each record that was parked, with the reason why."""
    for stuck in await parking.listed(parts.store, group):
        place = f"{stuck.topic}/{stuck.partition}@{stuck.offset}"
        behind = f", {stuck.held} behind it" if stuck.held else ""
        print(
            f"{group}  {place}  key={stuck.key}  {stuck.type.rpartition('.')[2]}  "
            f"{stuck.reason}: {stuck.detail} "
            f"(tries {stuck.attempts}, since {stuck.parked_at:%Y-%m-%d %H:%M:%S}Z{behind})"
        )


async def replay(parts: Parts, group: str, topic: str = "", key: str = "") -> None:
    """Tries the parked records of every key again, or those of one topic and key."""
    parked = {(stuck.topic, stuck.key) for stuck in await parking.listed(parts.store, group)}
    wanted = (each for each in parked if topic in ("", each[0]) and key in ("", each[1]))
    for name, record_key in sorted(wanted):
        through, left = await parking.replay(parts.store, group, name, record_key)
        print(f"{name} key={record_key}: {through} went through, {left} are left")


async def skip(parts: Parts, group: str, topic: str, partition: str, offset: str) -> None:
    """Leaves one parked record unapplied for good; the records behind it go on."""
    try:
        through, left = await parking.skip(parts.store, group, topic, int(partition), int(offset))
    except LookupError as error:
        raise SystemExit(f"{group}: {error}") from None
    print(
        f"{topic}/{partition}@{offset} is skipped; behind it {through} went through, "
        f"{left} are left"
    )


async def resume(parts: Parts, group: str) -> None:
    """Lets a group start again that stopped since too many records in a row were parked."""
    await parking.resume(parts.store, group)
    print(
        f"{group}: none counts as parked in a row any more; start it again. It goes on "
        "behind what is stuck, a step at a time: where it "
        "stops again, more is parked than before"
    )


async def accept_loss(parts: Parts, group: str, topic: str, partition: str, begin: str) -> None:
    """Lets a group go on where the log begins now; what was deleted unread counts as gaps."""
    lost = await parking.accept_loss(parts.store, group, topic, int(partition), int(begin))
    print(
        f"{topic}/{partition}: {lost} records before offset {begin} count as lost; start "
        f"{group} again"
    )


async def verify_audit(parts: Parts, group: str) -> None:
    """Whether the chain of who looked at whose data is whole."""
    broken = await audit.first_broken_position(parts.store)
    if broken is not None:
        raise SystemExit(f"{group}: the chain of audit records is broken at position {broken}")
    print(
        f"{group}: the chain of audit records holds; compare its head with the last one "
        "that the log tells"
    )


async def republish(parts: Parts, group: str, *aggregates: str) -> None:
    """Publishes the full state of some of this service's aggregates again, one after the other."""
    module = import_module(f"{group}.snapshots")
    known: dict[str, snapshots.SnapshotSource] = module.SNAPSHOT_SOURCES
    for aggregate in aggregates:
        count = await snapshots.republish(parts.store, known[aggregate])
        print(f"{count} of {aggregate} are republished")


async def keys(parts: Parts, group: str) -> None:
    """Counts this service's personal columns by key, and names old keys that may leave the ring."""
    found = await rotation.counts(
        parts.store, parts.ring, rotation.tables(*_metadata(group), answers=True)
    )
    for count in found:
        print(
            f"{group}  {count.table}.{count.column}  {count.key}: "
            f"{count.rows}{'' if count.current else '  OLD'}"
        )
    for setting, ids in (
        ("PERSONAL_KEYS", parts.ring.ids()),
        ("HASH_KEYS", parts.ring.ids(hashes=True)),
    ):
        for old in ids[1:]:
            used = sorted(
                {
                    f"{count.table}.{count.column}"
                    for count in found
                    if count.key == old and count.setting == setting
                }
            )
            print(
                f"{group}  {setting}: {old} is needed by {', '.join(used)}"
                if used
                else f"{group}  {setting}: {old} may leave"
            )
    if any(not count.current for count in found):
        raise SystemExit(1)


async def rotate(parts: Parts, group: str, answers: str = "", pause_s: str = "0") -> None:
    """Seals and hashes again what stands under old keys."""
    left = False
    for personal in rotation.tables(*_metadata(group), answers=bool(answers)):
        done = await rotation.rotate(
            parts.store,
            parts.ring,
            personal,
            pause_s=float(pause_s),
            report=lambda line: print(line, flush=True),
        )
        print(f"{done.table}: {done.renewed} rows renewed, {len(done.left)} left", flush=True)
        for key, why in list(done.left.items())[:SHOWN]:
            print(f"{done.table} {'/'.join(map(str, key))}: {why}")
        left = left or bool(done.left)
    if left:
        raise SystemExit(1)


def _metadata(service: str) -> list[MetaData]:
    import_all(service, "tables")
    return [tables.metadata("kit"), tables.metadata(service)]


VERBS: dict[str, Callable[..., Awaitable[None]]] = {
    "parked": show_parked,
    "replay": replay,
    "skip": skip,
    "resume": resume,
    "accept-loss": accept_loss,
    "verify-audit": verify_audit,
    "republish": republish,
    "keys": keys,
    "rotate": rotate,
}


async def _run(service: str, verb: str, arguments: list[str]) -> None:
    kind: type[Settings] = import_module(f"{service}.settings").Settings
    settings = configured(kind)
    import_all(service, "consumers")
    parts = Parts(settings)
    setup.pushed_to(service, settings.otlp_endpoint)  # nobody scrapes a command that ends
    try:
        await VERBS[verb](parts, service, *arguments)
    finally:
        await parts.close()
        await setup.flush()


def main(arguments: list[str]) -> None:
    """Runs one verb."""
    service, verb, *rest = arguments
    asyncio.run(_run(service, verb, rest))


if __name__ == "__main__":
    collector.resume()
    main(sys.argv[1:])
