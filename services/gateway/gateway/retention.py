"""Events leave the feed when they are 30 days old, the oldest first and in small batches, so that
what is kept has no gap.
"""

import asyncio
from datetime import timedelta
from itertools import takewhile

from gateway.consumers import HEAD
from kit.contracts.refusals import Unavailable
from kit.db.store import Store
from kit.observability.logs import log
from kit.runtime.parts import Parts

KEPT = timedelta(days=30)
BATCH = 2000  # the head is locked meanwhile: about 20 ms
PAUSE_S = 600.0


async def forget(store: Store, *, kept: timedelta = KEPT, batch: int = BATCH) -> int:
    """Deletes what was heard longer ago, in real time; returns how many events left."""
    before, gone = store.clock.real() - kept, 0
    while count := await _batch(store, before, batch):
        gone += count
        if count < batch:
            break
        await asyncio.sleep(0.05)
    return gone


async def _batch(store: Store, before: object, most: int) -> int:
    async with store.transaction() as session:
        driver = await session.driver()
        last = await driver.fetchval(
            "select gone from feed_head where head_id = $1 for update", HEAD
        )
        if last is None:
            return 0
        rows = await driver.fetch(
            "select position, heard_at from feed_event where position > $1 order by "
            "position limit $2",
            last,
            most,
        )
        old = list(takewhile(lambda row: row["heard_at"] < before, rows))
        if old:
            last = old[-1]["position"]
            await driver.execute("delete from feed_event where position <= $1", last)
            await driver.execute("update feed_head set gone = $1 where head_id = $2", last, HEAD)
        return len(old)


async def forgetting(parts: Parts) -> None:
    """Forgets every ten minutes until cancelled; several replicas may do so at once."""
    while True:
        try:
            if gone := await forget(parts.store):
                log.info("old events left the feed", rows=gone)
        except Unavailable as error:
            log.warning("retention of the feed rests", error=error.reason)
        await asyncio.sleep(PAUSE_S)
