"""What runs for as long as the service: partitions are there before their first event."""

import asyncio

from datacenter.archive.flows.keeping import prepare
from kit.contracts.refusals import Unavailable
from kit.db.store import Store
from kit.observability.logs import log

PAUSE_S = 3600.0


async def keep_prepared(store: Store) -> None:
    """Does so every hour, for as long as the service runs."""
    while True:
        try:
            await prepare(store)
        except Unavailable as error:
            log.warning("partitions of the archive are made later", error=error.reason)
        await asyncio.sleep(PAUSE_S)
