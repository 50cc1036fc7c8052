"""Plans a county's day: read, solve in a child process, and write what still holds."""

from datetime import date
from uuid import UUID

from dispatch.limits import limits
from dispatch.orders import rules
from dispatch.orders.flows import offers
from dispatch.planning.engine import Engine
from dispatch.planning.flows import county_day
from dispatch.planning.rules.checker import breaches
from dispatch.planning.rules.problem import Plan, Problem
from dispatch.planning.rules.scan import plan_by_scan
from kit.contracts.clock import local_day
from kit.db.store import Session, Store
from kit.db.tables import Due
from kit.observability import names
from kit.observability.logs import log
from kit.observability.traces import span
from kit.runtime.timers import set_timer

PLAN = "plan"  # a background job


async def plan(store: Store, engine: Engine, county: str) -> None:
    """Offers every order of the next day that can be served; the rest is tried again hour by hour.
    May be repeated at any time.
    """
    async with store.reading() as session:
        day = rules.day_to_plan(session.now, _planning_hour(session))
        wanted = await county_day.placed(session, county, day)
        problem = await county_day.problem(session, county, day, wanted, shared=False)
    with span(names.SOLVED, root=True, attributes={"eldercare.count": len(wanted)}, kind="day"):
        solved = await engine.plan(problem)
    async with store.transaction() as session:
        offered = await keep(session, county, day, solved)
        next_planning = rules.next_planning(session.now, _planning_hour(session))
        set_timer(session, next_planning, PLAN, county)
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
    await county_day.lock(session, county)
    placed = await county_day.placed(session, county, day, locked=True)
    orders = {str(order.order_id): order for order in placed}
    present = await county_day.problem(session, county, day, placed)
    final = merged(present, solved)
    organisations = {worker.worker_id: UUID(worker.organisation_id) for worker in present.workers}
    offered = 0
    for stop in sorted(final.stops, key=lambda stop: stop.visit_id):
        order = orders.get(stop.visit_id)
        if order is not None:
            organisation_id = organisations[stop.worker_id]
            planned_at = county_day.instant_of(day, stop.begin_s)
            offers.assign(session, order, organisation_id, UUID(stop.worker_id), planned_at)
            offered += 1
    return offered


def merged(present: Problem, solved: Plan) -> Plan:
    """The stops of a plan that break nothing of the present problem; what they leave out is placed
    in the gaps.
    """
    pinned = [visit.pinned for visit in present.visits if visit.pinned is not None]
    open_ids = {visit.visit_id for visit in present.visits if visit.pinned is None}
    kept = [stop for stop in solved.stops if stop.visit_id in open_ids]
    while True:
        unserved = open_ids - {stop.visit_id for stop in kept}
        wrong = breaches(present, Plan((*pinned, *kept), tuple(unserved)))
        if not wrong:
            break
        blamed = {breach.visit_id for breach in wrong}
        kept = [stop for stop in kept if stop.visit_id not in blamed]
    final = plan_by_scan(present, kept)
    if wrong := breaches(present, final):
        raise RuntimeError(f"the scan broke {sorted({breach.rule for breach in wrong})}")
    return final


async def ensure_planned(session: Session, county: str) -> None:
    """Makes sure that a county with workers is planned every day."""
    is_set = (PLAN, county) in session.timers
    if is_set or await session.get(Due, (PLAN, county)) is not None:
        return
    next_planning = rules.next_planning(session.now, _planning_hour(session))
    set_timer(session, next_planning, PLAN, county)


def _planning_hour(session: Session) -> int:
    return limits(local_day(session.now)).planning_hour
