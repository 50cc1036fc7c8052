"""What is remembered only to recognise repetitions leaves when nobody repeats it any more, in small
batches.
"""

import asyncio
from datetime import timedelta

from kit.db.periodic import Periodic
from kit.db.store import Store
from kit.observability.logs import log

COMMANDS_KEPT = timedelta(days=35)  # promised: 30
INBOX_KEPT = timedelta(days=14)  # topics that are not compacted keep 7 days
BATCH = 5000
PAUSE_S = 3600.0

# the rows stand in the order they came, so a block-range index finds the old ones and ctid is the
# cheapest handle
_COMMANDS = (
    "delete from command where ctid = any(array(select ctid from command where answered_at < "
    "$1 limit $2))"
)
_INBOX = (
    "delete from inbox where ctid = any(array(select ctid from inbox where heard_at < $1 limit $2))"
)


async def purge(
    store: Store, *, commands: timedelta = COMMANDS_KEPT, inbox: timedelta = INBOX_KEPT
) -> int:
    """Deletes what is older, in real time; returns how many rows left."""
    gone = 0
    for statement, kept in ((_COMMANDS, commands), (_INBOX, inbox)):
        before = store.clock.real() - kept
        while True:
            async with store.transaction() as session:
                done = await (await session.driver()).execute(statement, before, BATCH)
            count = int(done.rpartition(" ")[2])
            gone += count
            if count < BATCH:
                break
            await asyncio.sleep(0.05)
    return gone


class Retention(Periodic):
    """Purges every hour."""

    def __init__(self, store: Store) -> None:
        super().__init__("retention", self._purge, PAUSE_S)
        self.store = store

    async def _purge(self) -> None:
        if gone := await purge(self.store):
            log.info("old repetitions forgotten", rows=gone)
