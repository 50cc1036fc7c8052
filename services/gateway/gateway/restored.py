"""What a restore from a backup means to the feed: its positions are given a second time, so cursors
of the lost epoch are refused.
"""

from gateway.consumers import HEAD
from gateway.tables import FeedHead, FeedRestore
from kit.contracts import ids
from kit.db.store import Session


async def start(session: Session, restored: int) -> None:
    """Notes how far the feed of the lost epoch is true, and begins another one. restored: number of
    the new epoch.
    """
    head = await session.get(FeedHead, HEAD, with_for_update=True)
    if head is not None and await session.get(FeedRestore, restored) is None:
        session.add(FeedRestore(restored=restored, epoch=head.epoch, position=head.position))
        head.epoch = ids.new()
