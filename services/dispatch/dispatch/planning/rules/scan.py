"""Finds a gap for one visit without moving any other: urgent orders, declined offers, workers who
left.

No solver is needed: the other visits are promised to somebody at a time, so all that is left to
decide is the gap, and looking at every gap is exact and takes milliseconds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from dispatch.orders.rules import GeoPoint
from dispatch.planning.rules.problem import Plan, Problem, Stop, Visit, Worker, shift_of
from dispatch.planning.rules.travel import travel_s

Routes = Mapping[str, Sequence[Stop]]


def best_stop(visit: Visit, problem: Problem, routes: Routes) -> Stop | None:
    """The gap with the least extra riding time, of equal ones the earliest, of equal ones with the
    worker who has least to do.

    routes: each worker's stops in the order of time. Returns None where no able worker has a gap.
    """
    visits = {known.visit_id: known for known in problem.visits}
    shifts = problem.shifts()
    found: list[tuple[int, int, int, str]] = []
    for worker in problem.workers:
        route = [
            stop
            for stop in routes.get(worker.worker_id, ())
            if shift_of(stop, shifts[worker.worker_id]) is worker
        ]
        if is_able(worker, visit) and len(route) < problem.most:
            found += [
                (extra_s, begin_s, len(route), worker.worker_id)
                for extra_s, begin_s in _gaps(visit, worker, problem, route, visits)
            ]
    if not found:
        return None
    _, begin_s, _, worker_id = min(found)
    return Stop(visit.visit_id, worker_id, begin_s)


def is_able(worker: Worker, visit: Visit) -> bool:
    """True where the worker has the skill and has not turned the visit down."""
    return visit.help in worker.skills and worker.worker_id not in visit.excluded


def plan_by_scan(problem: Problem, kept: Iterable[Stop] = ()) -> Plan:
    """Places the visits one after the other, those with the fewest able workers and the earliest
    end first; nobody is moved.

    kept: stops taken as they are, beside the pinned ones.
    """
    routes: dict[str, list[Stop]] = defaultdict(list)
    pinned = [visit.pinned for visit in problem.visits if visit.pinned]
    for given in (*pinned, *kept):
        routes[given.worker_id].append(given)
    for route in routes.values():
        route.sort(key=_begin)
    placed = {stop.visit_id for route in routes.values() for stop in route}
    unserved: list[str] = []
    for visit in sorted(problem.visits, key=lambda visit: _scarcity(problem, visit)):
        if visit.visit_id in placed:
            continue
        stop = best_stop(visit, problem, routes)
        if stop is None:
            unserved.append(visit.visit_id)
        else:
            routes[stop.worker_id].append(stop)
            routes[stop.worker_id].sort(key=_begin)
    stops = tuple(stop for route in routes.values() for stop in route)
    return Plan(stops, tuple(sorted(unserved)))


def _begin(stop: Stop) -> tuple[int, str]:
    return stop.begin_s, stop.visit_id


def _scarcity(problem: Problem, visit: Visit) -> tuple[int, int, str]:
    able = sum(is_able(worker, visit) for worker in problem.workers)
    return able, visit.to_s, visit.visit_id


def _gaps(
    visit: Visit,
    worker: Worker,
    problem: Problem,
    route: Sequence[Stop],
    visits: Mapping[str, Visit],
) -> Iterable[tuple[int, int]]:
    """(extra riding time, begin) of each gap of a route that the visit fits into."""
    riding = problem.riding
    for position in range(len(route) + 1):
        free_s = max(worker.from_s, problem.now_s)
        until_s = worker.to_s
        left: GeoPoint | None = worker.depot
        right: GeoPoint | None = worker.depot
        if position > 0:
            before = visits[route[position - 1].visit_id]
            free_s = max(free_s, route[position - 1].begin_s + before.service_s)
            left = before.home
        if position < len(route):
            until_s = route[position].begin_s
            right = visits[route[position].visit_id].home
        there_s = travel_s(left, visit.home, riding)
        onwards_s = travel_s(visit.home, right, riding)
        begin_s = max(free_s + there_s, visit.from_s)
        if begin_s <= visit.to_s and begin_s + visit.service_s + onwards_s <= until_s:
            yield there_s + onwards_s - travel_s(left, right, riding), begin_s
