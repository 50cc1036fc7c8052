"""Plans a county's day: read, solve in a child process, and write what still holds."""

from datetime import date
from uuid import UUID

from dispatch.engine import Engine
from dispatch.flows import county_day, offers
from dispatch.limits import limits
from dispatch.rules import days
from dispatch.rules.checker import breaches
from dispatch.rules.problem import Plan, Problem
from dispatch.rules.scan import plan_by_scan
from dispatch.tables import Order
from kit.contracts.clock import local_day
from kit.db.store import Session, Store
from kit.db.tables import Due
from kit.observability import names
from kit.observability.logs import log
from kit.observability.traces import span
from kit.runtime.timers import set_timer


async def plan(store: Store, engine: Engine, county: str) -> None:
    """Offers every order of the next day that can be served; the rest is tried again hour by hour.
    May be repeated at any time.
    """
    async with store.reading() as session:
        day = days.day_to_plan(session.now, _hour(session))
        wanted = await county_day.placed(session, county, day)
        problem = await county_day.problem(session, county, day, wanted, shared=False)
    with span(names.SOLVED, root=True, attributes={"eldercare.count": len(wanted)}, kind="day"):
        solved = await engine.plan(problem)
    async with store.transaction() as session:
        offered = await keep(session, county, day, solved)
        set_timer(session, days.next_planning(session.now, _hour(session)), "plan", county)
    log.info(
        "day planned",
        county=county,
        day=day.isoformat(),
        orders=len(wanted),
        offered=offered,
        workers=len(problem.workers),
    )


async def keep(session: Session, county: str, day: date, solved: Plan) -> int:
    """Offers what the plan says, as far as it still holds beside what was promised meanwhile; the
    others take the gaps that are left.

    Returns how many were offered.
    """
    await offers.lock_county(session, county)
    wanted = {
        str(order.order_id): order
        for order in await county_day.placed(session, county, day, locked=True)
    }
    present = await county_day.problem(session, county, day, wanted.values())
    final = merged(present, solved)
    organisations = {worker.worker_id: UUID(worker.organisation_id) for worker in present.workers}
    offered = 0
    for stop in sorted(final.stops, key=lambda stop: stop.visit_id):
        order: Order | None = wanted.get(stop.visit_id)
        if order is not None:
            planned_at = county_day.instant_of(day, stop.begin_s)
            offers.assign(
                session, order, organisations[stop.worker_id], UUID(stop.worker_id), planned_at
            )
            offered += 1
    return offered


def merged(present: Problem, solved: Plan) -> Plan:
    """The stops of a plan that break nothing of the present problem; what they leave out is placed
    in the gaps.
    """
    pinned = [visit.pinned for visit in present.visits if visit.pinned is not None]
    open_ids = {visit.visit_id for visit in present.visits if visit.pinned is None}
    kept = [stop for stop in solved.stops if stop.visit_id in open_ids]
    while wrong := breaches(
        present, Plan((*pinned, *kept), tuple(open_ids - {stop.visit_id for stop in kept}))
    ):
        blamed = {breach.visit_id for breach in wrong}
        kept = [stop for stop in kept if stop.visit_id not in blamed]
    final = plan_by_scan(present, kept)
    if wrong := breaches(present, final):
        raise RuntimeError(f"the scan broke {sorted({breach.rule for breach in wrong})}")
    return final


async def ensure_planned(session: Session, county: str) -> None:
    """Makes sure that a county with workers is planned every day."""
    if ("plan", county) in session.timers or await session.get(Due, ("plan", county)) is not None:
        return
    set_timer(session, days.next_planning(session.now, _hour(session)), "plan", county)


def _hour(session: Session) -> int:
    return limits(local_day(session.now)).planning_hour
