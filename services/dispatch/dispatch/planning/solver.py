"""The child process that runs VROOM: a line of JSON in is a problem, a line of JSON out is its
plan.

A process of its own, because the library holds the interpreter's lock for the whole search; it
stays up between two problems, because loading it costs more than most counties' days.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import vroom
from vroom.solution.solution import Solution

from dispatch.orders.rules import GeoPoint
from dispatch.planning.rules.problem import Plan, Problem, Stop, Visit, Worker
from dispatch.planning.rules.travel import Riding
from kit.contracts.decoding import decoded_json

EARTH_M = 6_371_008.8
# ranges of the numbers that VROOM calls skills
HELP = 0
PINNED = 1_000
ALLOWED = 1_000_000
PINNED_PRIORITY = 100  # the highest that VROOM has
BEFORE_S = (
    86_400  # VROOM takes no second before the first; last night's shift began before midnight
)


@dataclass(frozen=True)
class Request:
    """What a line of input asks for."""

    budget_s: float
    problem: Problem


def solve(problem: Problem, budget_s: float) -> Plan:
    """The plan of a problem.

    Pinned visits bear the highest priority and a window of one instant; who must not do a visit
    lacks a skill that only this visit needs.
    """
    numbers = {worker_id: number for number, worker_id in enumerate(problem.shifts())}
    excluded = [
        {numbers[worker_id] for worker_id in visit.excluded if worker_id in numbers}
        for visit in problem.visits
    ]
    search = vroom.Input()
    points = [visit.home for visit in problem.visits]
    points += [worker.depot for worker in problem.workers]
    search.set_durations_matrix("car", _matrix(points, problem.riding))
    for number, visit in enumerate(problem.visits):
        job = _job(number, visit, numbers, bool(excluded[number]), problem.now_s)
        if job is not None:
            search.add_job(job)
    for place, worker in enumerate(problem.workers):
        vehicle = _vehicle(place, numbers[worker.worker_id], worker, excluded, problem)
        search.add_vehicle(vehicle)
    budget = timedelta(seconds=budget_s)
    return _plan(search.solve(exploration_level=5, nb_threads=1, timeout=budget), problem)


def _job(
    number: int, visit: Visit, workers: Mapping[str, int], is_excluding: bool, now_s: int
) -> vroom.Job | None:
    """A visit; None for one that nobody can do."""
    skills = {HELP + visit.help}
    from_s = max(visit.from_s, now_s)
    to_s = visit.to_s
    if visit.pinned is not None:
        if visit.pinned.worker_id not in workers:
            return None
        skills = {PINNED + workers[visit.pinned.worker_id]}
        from_s = visit.pinned.begin_s
        to_s = visit.pinned.begin_s
    elif is_excluding:
        skills.add(ALLOWED + number)
    if from_s > to_s:
        return None
    window = vroom.TimeWindow(from_s + BEFORE_S, to_s + BEFORE_S)
    return vroom.Job(
        number,
        number,
        default_service=visit.service_s,
        skills=skills,
        priority=PINNED_PRIORITY if visit.pinned else 0,
        time_windows=[window],
    )


def _vehicle(
    place: int, number: int, worker: Worker, excluded: Sequence[set[int]], problem: Problem
) -> vroom.Vehicle:
    """A shift. place: among all shifts. number: of its worker, who may have two."""
    skills = {HELP + skill for skill in worker.skills} | {PINNED + number}
    skills |= {
        ALLOWED + visit
        for visit, numbers in enumerate(excluded)
        if numbers and number not in numbers
    }
    depot = len(problem.visits) + place
    from_s = max(worker.from_s, problem.now_s)
    to_s = max(worker.to_s, problem.now_s)
    return vroom.Vehicle(
        place,
        start=depot,
        end=depot,
        skills=skills,
        max_tasks=problem.most,
        time_window=vroom.TimeWindow(from_s + BEFORE_S, to_s + BEFORE_S),
    )


def _plan(solution: Solution, problem: Problem) -> Plan:
    steps = np.asarray(solution._routes_numpy())
    stops = [
        Stop(
            visit_id=problem.visits[int(step["id"])].visit_id,
            worker_id=problem.workers[int(step["vehicle_id"])].worker_id,
            begin_s=int(step["arrival"]) + int(step["waiting_time"]) - BEFORE_S,
        )
        for step in steps
        if bytes(step["type"]).rstrip(b"\0") == b"job"
    ]
    served = {stop.visit_id for stop in stops}
    unserved = [visit.visit_id for visit in problem.visits if visit.visit_id not in served]
    return Plan(tuple(stops), tuple(unserved))


def _matrix(points: Sequence[GeoPoint | None], riding: Riding) -> npt.NDArray[np.uint32]:
    """(n, n) seconds, rounded up; what has no position is equally far away from everywhere."""
    is_known = np.array([point is not None for point in points])
    degrees = np.array([point or (0.0, 0.0) for point in points], dtype=float)
    lon, lat = np.radians(degrees).reshape(-1, 2).T
    north = np.sin((lat[:, None] - lat) / 2) ** 2
    east = np.sin((lon[:, None] - lon) / 2) ** 2
    half = north + np.cos(lat[:, None]) * np.cos(lat) * east
    metres = 2 * EARTH_M * np.arcsin(np.sqrt(half))
    seconds = np.ceil(metres * riding.detour * 3.6 / riding.speed_kmh)
    seconds[~is_known, :] = riding.unknown_min * 60
    seconds[:, ~is_known] = riding.unknown_min * 60
    np.fill_diagonal(seconds, 0)
    matrix: npt.NDArray[np.uint32] = seconds.astype(np.uint32)
    return matrix


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not end up among the answers
    for line in sys.stdin:
        request = decoded_json(Request, line, "request")
        plan = solve(request.problem, request.budget_s)
        print(json.dumps(asdict(plan)), file=answers, flush=True)


if __name__ == "__main__":
    main()
