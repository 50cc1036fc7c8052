"""What runs for as long as the service: the gauges of the figures."""

import asyncio

from datacenter.proofs.measuring import measure
from kit.contracts.refusals import Unavailable
from kit.db.store import Store
from kit.observability.logs import log

PAUSE_S = 15.0


async def keep_measuring(store: Store, city: str) -> None:
    """Sets the gauges again and again, for as long as the service runs; every replica sets the
    same.
    """
    began = store.clock.now()
    while True:
        try:
            async with store.reading() as session:
                await measure(session, city, began)
        except Unavailable as error:
            log.warning("figures are not measured now", error=type(error).__name__)
        await asyncio.sleep(PAUSE_S)
