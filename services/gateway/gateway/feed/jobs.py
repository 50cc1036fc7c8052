"""Events leave the feed when they are 30 days old."""

import asyncio

from gateway.feed import flows
from kit.contracts.refusals import Unavailable
from kit.observability.logs import log
from kit.runtime.parts import Parts

PAUSE_S = 600.0


async def remove_old_events(parts: Parts) -> None:
    """Removes every ten minutes until cancelled; several replicas may do so at once."""
    while True:
        try:
            if removed := await flows.remove_old(parts.store):
                log.info("old events left the feed", rows=removed)
        except Unavailable as error:
            log.warning("retention of the feed rests", error=error.reason)
        await asyncio.sleep(PAUSE_S)
