"""Replaces the processes of a living city one by one by those of another release."""

import asyncio
from pathlib import Path

from city.box.child import Phase
from city.box.city import City
from city.box.replicas import Replica

BACK_S = 180.0  # a process that is not back by then has failed the upgrade
REST_S = 2.0  # between two: whoever waits for a quiet moment finds one


async def upgrade(city: City, release: Path | None) -> None:
    """Brings a living city to a release: its migrations first, while the old processes run; then
    each process in turn is drained and comes back as one of the new release, when all the others
    are ready. The gateway comes last: what it lets in, every service behind it knows.

    Raises: TimeoutError where one does not come back; StartFailed where the migrations fail.
    """
    await city.migrate(release)
    city.say("the schema is the new release's; the old one still serves")
    replicas = [
        (child, child.process)
        for child in city.supervisor.children.values()
        if isinstance(child.process, Replica)
    ]
    replicas.sort(key=lambda pair: pair[1].service == "gateway")
    for child, process in replicas:
        async with asyncio.timeout(BACK_S):
            await city.until_all_ready()
            await asyncio.sleep(REST_S)
            before = child.restarts
            process.release = release
            child.phase = Phase.UNREADY  # no new connection is led to it
            process.signal_stop()
            while child.restarts == before:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await city.until_all_ready()
        city.say(f"upgraded: {child.name}")
    city.say(f"all {len(replicas)} processes are of the new release")
