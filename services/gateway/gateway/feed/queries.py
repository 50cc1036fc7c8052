"""Reads a page of the feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from gateway.feed.cursors import Cursor
from gateway.feed.errors import CursorExpired, FeedRestored
from gateway.feed.tables import HEAD, FeedEvent, FeedHead, FeedRestore
from kit.db.store import Session
from kit.security.access import Caller, scoped


@dataclass(frozen=True, slots=True)
class Page:
    """The caller's events at the positions first .. last; others' events there are withheld.

    bodies: CloudEvents as JSON. high_water: the last position of the feed.
    """

    epoch: UUID
    bodies: Sequence[str]
    first: int
    last: int
    high_water: int

    @property
    def withheld(self) -> int:
        """How many positions of the page belong to others."""
        return self.last - self.first + 1 - len(self.bodies)


async def page(session: Session, caller: Caller, cursor: Cursor | None, limit: int) -> Page:
    """The events behind a cursor, from the oldest kept without one.

    Raises: CursorExpired, FeedRestored.
    """
    head = await _head(session)
    after = head.gone
    if cursor is not None:
        after = cursor.position
        # a cursor that was given before the first event bears no epoch
        if cursor.epoch.int and cursor.epoch != head.epoch:
            resume = max(head.gone, min(after, await _true_until(session, cursor.epoch)))
            raise FeedRestored(head.epoch, head.gone, resume, after - resume)
        if after < head.gone:
            raise CursorExpired(head.epoch, head.gone)
    statement = (
        scoped(
            select(FeedEvent),
            caller,
            organisation=FeedEvent.organisation_id,
            worker=FeedEvent.worker_id,
        )
        .where(col(FeedEvent.position) > after)
        .order_by(col(FeedEvent.position))
        .limit(limit)
    )
    rows = (await session.exec(statement)).all()
    last = rows[-1].position if len(rows) == limit else max(head.position, after)
    bodies = [row.body for row in rows]
    return Page(head.epoch, bodies, first=after + 1, last=last, high_water=head.position)


async def _head(session: Session) -> FeedHead:
    """The head, or that of a feed without an event."""
    return await session.get(FeedHead, HEAD) or FeedHead(head_id=HEAD, epoch=UUID(int=0))


async def _true_until(session: Session, epoch: UUID) -> int:
    """The last position of a lost epoch that the feed still holds alike; 0 for an epoch that nobody
    remembers.
    """
    ended = (await session.exec(select(FeedRestore).where(FeedRestore.epoch == epoch))).first()
    if ended is None:
        return 0
    later = await session.exec(
        select(FeedRestore.position).where(col(FeedRestore.restored) >= ended.restored)
    )
    return min(later.all())
