"""The timer that offers a single order, and the background job that plans a county's day."""

from uuid import UUID

from dispatch.orders.flows import offers
from dispatch.planning.engine import Engine
from dispatch.planning.flows import day_plan, gaps
from dispatch.settings import GROUP
from kit.db.store import Session, Store
from kit.runtime.jobs import Job
from kit.runtime.timers import timer


@timer(offers.OFFER, group=GROUP)
async def offer(session: Session, key: str) -> None:
    await gaps.offer(session, UUID(key))


def background_jobs(store: Store, engine: Engine) -> dict[str, Job]:
    """Plans the days of counties, one at a time: there is one solver."""

    async def plan(county: str) -> None:
        await day_plan.plan(store, engine, county)

    return {day_plan.PLAN: Job(plan)}
