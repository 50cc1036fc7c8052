"""Judges a plan from the problem alone and shares no code with what made it: no plan is published
before it passed.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dispatch.orders.rules import GeoPoint
from dispatch.planning.rules.problem import Plan, Problem, Stop, Visit, Worker, shift_of

SLACK_S = 1  # another formula may round a distance to the other second
EARTH_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken rule. rule: stable name."""

    rule: str
    visit_id: str
    worker_id: str = ""
    amount_s: int = 0


def breaches(problem: Problem, plan: Plan) -> list[Breach]:
    """Everything that is wrong with a plan; empty for one that may be used.

    What is pinned was promised before: it must be there unchanged, and its own window, shift and
    way from another pinned visit are not judged again.
    """
    visits = {visit.visit_id: visit for visit in problem.visits}
    shifts = problem.shifts()
    found = _counted(visits, plan)
    found += _moved(problem, plan)
    routes: dict[Worker, list[Stop]] = defaultdict(list)
    for stop in plan.stops:
        visit = visits.get(stop.visit_id)
        if visit is None:
            continue
        own = shifts.get(stop.worker_id)
        worker = shift_of(stop, own) if own else None
        if worker is not None:
            routes[worker].append(stop)
        if visit.pinned is None:
            found += _alone(stop, visit, worker, problem)
    for worker, stops in routes.items():
        route = sorted(stops, key=lambda stop: stop.begin_s)
        found += _shift(route, visits, worker, problem)
        found += _ways(route, visits, worker.worker_id, problem)
    return found


def _counted(visits: Mapping[str, Visit], plan: Plan) -> list[Breach]:
    """Each visit is planned or unserved, once."""
    times = Counter([stop.visit_id for stop in plan.stops] + list(plan.unserved))
    found = [Breach("unknown visit", visit_id) for visit_id in times if visit_id not in visits]
    found += [
        Breach("planned more than once", visit_id) for visit_id, count in times.items() if count > 1
    ]
    return found + [Breach("forgotten", visit_id) for visit_id in visits if visit_id not in times]


def _moved(problem: Problem, plan: Plan) -> list[Breach]:
    kept = set(plan.stops)
    pinned = [visit.pinned for visit in problem.visits if visit.pinned]
    return [Breach("moved", stop.visit_id, stop.worker_id) for stop in pinned if stop not in kept]


def _alone(stop: Stop, visit: Visit, worker: Worker | None, problem: Problem) -> list[Breach]:
    """What is wrong with a stop whatever stands beside it."""
    if worker is None:
        return [Breach("unknown worker", stop.visit_id, stop.worker_id)]
    outside_s = max(visit.from_s - stop.begin_s, stop.begin_s - visit.to_s)
    past_s = problem.now_s - stop.begin_s
    found = []
    if visit.help not in worker.skills:
        found.append(Breach("skill", stop.visit_id, stop.worker_id))
    if stop.worker_id in visit.excluded:
        found.append(Breach("barred", stop.visit_id, stop.worker_id))
    if outside_s > 0:
        found.append(Breach("window", stop.visit_id, stop.worker_id, outside_s))
    if past_s > 0:
        found.append(Breach("in the past", stop.visit_id, stop.worker_id, past_s))
    return found


def _shift(
    route: Sequence[Stop], visits: Mapping[str, Visit], worker: Worker, problem: Problem
) -> list[Breach]:
    """What is wrong with a worker's shift as a whole: its length and both ends."""
    found = []
    new = [stop for stop in route if visits[stop.visit_id].pinned is None]
    if len(route) > problem.most and new:
        found.append(Breach("too many visits", new[-1].visit_id, worker.worker_id))
    first = visits[route[0].visit_id]
    if first.pinned is None:
        there_s = worker.from_s + _seconds(worker.depot, first.home, problem)
        early_s = there_s - route[0].begin_s
        if early_s > SLACK_S:
            found.append(Breach("shift begins", first.visit_id, worker.worker_id, early_s))
    last = visits[route[-1].visit_id]
    if last.pinned is None:
        way_s = _seconds(last.home, worker.depot, problem)
        late_s = route[-1].begin_s + last.service_s + way_s - worker.to_s
        if late_s > SLACK_S:
            found.append(Breach("shift ends", last.visit_id, worker.worker_id, late_s))
    return found


def _ways(
    route: Sequence[Stop], visits: Mapping[str, Visit], worker_id: str, problem: Problem
) -> list[Breach]:
    """Every visit can be reached from the one before it."""
    found = []
    for before, after in pairwise(route):
        one = visits[before.visit_id]
        other = visits[after.visit_id]
        if one.pinned and other.pinned:
            continue
        way_s = _seconds(one.home, other.home, problem)
        early_s = before.begin_s + one.service_s + way_s - after.begin_s
        if early_s > SLACK_S:
            blamed = before if other.pinned else after
            found.append(Breach("travel", blamed.visit_id, worker_id, early_s))
    return found


def _seconds(a: GeoPoint | None, b: GeoPoint | None, problem: Problem) -> int:
    """Riding time by the angle between two unit vectors: another formula than the planners'."""
    riding = problem.riding
    if a is None or b is None:
        return riding.unknown_min * 60
    one = _vector(*a)
    other = _vector(*b)
    cross = (
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    )
    inner = sum(p * q for p, q in zip(one, other, strict=True))
    angle = math.atan2(math.hypot(*cross), inner)
    return round(angle * EARTH_KM * riding.detour / riding.speed_kmh * 3600)


def _vector(lon: float, lat: float) -> tuple[float, float, float]:
    phi = math.radians(lat)
    lam = math.radians(lon)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)
