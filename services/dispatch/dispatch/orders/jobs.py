"""Timers of an order, and its background jobs, which need a neighbour."""

from uuid import UUID

from dispatch.orders.flows import contacts, offers, reservations
from dispatch.orders.flows.placing import Placing
from dispatch.settings import GROUP
from kit.db.store import Session, Store
from kit.runtime.jobs import Job
from kit.runtime.timers import timer


@timer(offers.ANSWER, group=GROUP)
async def expire(session: Session, key: str) -> None:
    await offers.expire(session, UUID(key))


@timer(offers.MISSED, group=GROUP)
async def miss(session: Session, key: str) -> None:
    await offers.miss(session, UUID(key))


def background_jobs(store: Store, placing: Placing) -> dict[str, Job]:
    """Takes up orders that could not be placed yet, and renews the contacts of changed elders."""

    async def reserve(key: str) -> None:
        await reservations.retry(store, placing, UUID(key))

    async def renew(key: str) -> None:
        await contacts.renew(store, placing.assessment, UUID(key))

    return {offers.RESERVE: Job(reserve, at_once=8), contacts.CONTACT: Job(renew, at_once=8)}
