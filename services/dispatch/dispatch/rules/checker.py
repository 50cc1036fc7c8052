"""Judges a plan from the problem alone and shares no code with what made it: no plan is told to
anybody before it passed.
"""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise

from dispatch.rules.problem import Plan, Problem, Stop, Visit, Worker

SLACK_S = 1  # another formula may round a distance to the other second


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
    workers = {worker.worker_id: worker for worker in problem.workers}
    found: list[Breach] = []
    times = Counter([stop.visit_id for stop in plan.stops] + list(plan.unserved))
    found += [Breach("unknown visit", visit_id) for visit_id in times if visit_id not in visits]
    found += [
        Breach("planned more than once", visit_id) for visit_id, count in times.items() if count > 1
    ]
    found += [Breach("forgotten", visit_id) for visit_id in visits if visit_id not in times]
    routes: dict[str, list[Stop]] = defaultdict(list)
    kept = set(plan.stops)
    pinned = [visit.pinned for visit in problem.visits if visit.pinned]
    found += [Breach("moved", stop.visit_id, stop.worker_id) for stop in pinned if stop not in kept]
    for stop in plan.stops:
        if stop.visit_id not in visits:
            continue
        visit = visits[stop.visit_id]
        if stop.worker_id in workers:
            routes[stop.worker_id].append(stop)
            if visit.pinned is None:
                found += _alone(stop, visit, workers[stop.worker_id], problem)
        elif visit.pinned is None:
            found.append(Breach("unknown worker", stop.visit_id, stop.worker_id))
    for worker_id, route in routes.items():
        found += _route(
            sorted(route, key=lambda stop: stop.begin_s), visits, workers[worker_id], problem
        )
    return found


def _alone(stop: Stop, visit: Visit, worker: Worker, problem: Problem) -> list[Breach]:
    broken = []
    if visit.help not in worker.skills:
        broken.append(Breach("skill", stop.visit_id, stop.worker_id))
    if stop.worker_id in visit.barred:
        broken.append(Breach("barred", stop.visit_id, stop.worker_id))
    if stop.begin_s < visit.from_s or stop.begin_s > visit.to_s:
        broken.append(
            Breach(
                "window",
                stop.visit_id,
                stop.worker_id,
                max(visit.from_s - stop.begin_s, stop.begin_s - visit.to_s),
            )
        )
    if stop.begin_s < problem.now_s:
        broken.append(
            Breach("in the past", stop.visit_id, stop.worker_id, problem.now_s - stop.begin_s)
        )
    return broken


def _route(
    route: list[Stop], visits: dict[str, Visit], worker: Worker, problem: Problem
) -> list[Breach]:
    broken = []
    fresh = [stop for stop in route if visits[stop.visit_id].pinned is None]
    if len(route) > problem.most and fresh:
        broken.append(Breach("too many visits", fresh[-1].visit_id, worker.worker_id))
    first, last = route[0], route[-1]
    if visits[first.visit_id].pinned is None:
        out = worker.from_s + _seconds(worker.base, visits[first.visit_id].place, problem)
        if first.begin_s < out - SLACK_S:
            broken.append(
                Breach("shift begins", first.visit_id, worker.worker_id, out - first.begin_s)
            )
    if visits[last.visit_id].pinned is None:
        home = (
            last.begin_s
            + visits[last.visit_id].service_s
            + _seconds(visits[last.visit_id].place, worker.base, problem)
        )
        if home > worker.to_s + SLACK_S:
            broken.append(Breach("shift ends", last.visit_id, worker.worker_id, home - worker.to_s))
    for before, after in pairwise(route):
        one, other = visits[before.visit_id], visits[after.visit_id]
        if one.pinned and other.pinned:
            continue
        there = before.begin_s + one.service_s + _seconds(one.place, other.place, problem)
        if after.begin_s < there - SLACK_S:
            blamed = before if other.pinned else after
            broken.append(
                Breach("travel", blamed.visit_id, worker.worker_id, there - after.begin_s)
            )
    return broken


def _seconds(a: tuple[float, float] | None, b: tuple[float, float] | None, problem: Problem) -> int:
    """Riding time by the angle between two unit vectors: another formula than the planners'."""
    riding = problem.riding
    if a is None or b is None:
        return riding.unknown_min * 60
    one, other = _vector(*a), _vector(*b)
    cross = math.dist(
        (0, 0, 0),
        (
            one[1] * other[2] - one[2] * other[1],
            one[2] * other[0] - one[0] * other[2],
            one[0] * other[1] - one[1] * other[0],
        ),
    )
    angle = math.atan2(cross, sum(p * q for p, q in zip(one, other, strict=True)))
    return round(angle * 6371.0088 * riding.detour / riding.speed_kmh * 3600)


def _vector(lon: float, lat: float) -> tuple[float, float, float]:
    phi, lam = math.radians(lat), math.radians(lon)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)
