"""`python -m city.operate SERVICE parked|replay|resay …`, with the environment of that service."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from kit import parking
from kit.service import settings as configured
from kit.service.parts import Parts


async def show_parked(parts: Parts, group: str) -> None:
    """One line for each record that was parked, with the reason why."""
    for stuck in await parking.listed(parts.store, group):
        place = f"{stuck.topic}/{stuck.partition}@{stuck.offset}"
        behind = f", {stuck.held} behind it" if stuck.held else ""
        print(f"{group}  {place}  key={stuck.key}  {stuck.type.rpartition('.')[2]}  {stuck.reason}: {stuck.detail} "
              f"(tries {stuck.attempts}, since {stuck.parked_at:%Y-%m-%d %H:%M:%S}Z{behind})")


async def replay(parts: Parts, group: str, topic: str = "", key: str = "") -> None:
    """Tries again every parked line, or that of one topic and key."""
    lines = {(stuck.topic, stuck.key) for stuck in await parking.listed(parts.store, group)}
    for found in sorted(line for line in lines if topic in ("", line[0]) and key in ("", line[1])):
        through, left = await parking.replay(parts.store, group, *found)
        print(f"{found[0]} key={found[1]}: {through} went through, {left} are left")


async def resay(parts: Parts, group: str, aggregate: str) -> None:
    """Has this service say an aggregate again, by the function `resay(store, aggregate)` of its flows."""
    flows = import_module(f"{group}.flows.resay" if find_spec(f"{group}.flows.resay") else f"{group}.flows")
    print(f"{await flows.resay(parts.store, aggregate)} of {aggregate} are said again")


async def _run(service: str, verb: str, arguments: list[str]) -> None:
    settings: Any = configured(import_module(f"{service}.settings").Settings)
    if find_spec(f"{service}.consumers"):
        import_module(f"{service}.consumers")
    parts = Parts(settings)
    try:
        verbs: dict[str, Callable[..., Awaitable[None]]] = {"parked": show_parked, "replay": replay, "resay": resay}
        await verbs[verb](parts, service, *arguments)
    finally:
        await parts.close()


def main(arguments: list[str]) -> None:
    """Runs one verb."""
    service, verb, *rest = arguments
    asyncio.run(_run(service, verb, rest))


if __name__ == "__main__":
    main(sys.argv[1:])
