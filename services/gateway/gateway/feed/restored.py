"""What a restore from a backup means to the feed: its positions are given a second time, so cursors
of the lost epoch are refused. `eldercare restore` calls it.
"""

from gateway.feed import flows
from kit.db.store import Session


async def start(session: Session, restored: int) -> None:
    """restored: number of the platform's new epoch."""
    await flows.begin_epoch(session, restored)
