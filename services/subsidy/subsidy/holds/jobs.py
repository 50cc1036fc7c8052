"""Ends holds that nobody confirmed in time."""

from collections.abc import Awaitable, Callable

from kit.db.store import Store
from subsidy.holds import flows

SWEPT = 200  # holds released in one transaction

Behind = Callable[[], Awaitable[bool]]


async def sweep(store: Store, behind: Behind) -> int:
    """Releases holds that nobody confirmed in time; returns how many. A lease, so it is measured in
    real time.

    behind: whether orders may be there that were not read; as long as they are, nobody knows
    whether a hold was confirmed.
    """
    real = store.clock.real()
    async with store.reading() as session:
        due = await flows.may_expire(session, real)
    if not due or await behind():
        return 0
    async with store.transaction() as session:
        return await flows.expire(session, real, SWEPT)
