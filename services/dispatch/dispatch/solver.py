"""The child process that runs VROOM: a line of JSON in is a problem, a line of JSON out is its
plan.

A process of its own, because the library holds the interpreter's lock for the whole search; it
stays up between two problems, because loading it costs more than most counties' days.
"""

import json
import os
import sys
from datetime import timedelta
from typing import Any

import numpy as np
import vroom

EARTH_M = 6_371_008.8
HELP, PINNED, UNBARRED = 0, 1_000, 1_000_000  # ranges of the numbers that VROOM calls skills


def solve(problem: dict[str, Any], budget_s: float) -> dict[str, Any]:
    """The plan of a problem as `dispatch.engine` writes it: stops of worker, visit and begin, and
    the visits left over.

    Pinned visits bear the highest priority and a window of one instant; who must not do a visit
    lacks a skill that only this visit needs.
    """
    visits, workers = problem["visits"], problem["workers"]
    order = {worker["worker_id"]: number for number, worker in enumerate(workers)}
    search = vroom.Input()
    places = [visit["place"] for visit in visits] + [worker["base"] for worker in workers]
    search.set_durations_matrix("car", _matrix(places, problem["riding"]))
    barring = {
        number: {order[worker] for worker in visit["barred"] if worker in order}
        for number, visit in enumerate(visits)
    }
    for number, visit in enumerate(visits):
        skills, pinned = {HELP + visit["help"]}, visit["pinned"]
        window = (max(visit["from_s"], problem["now_s"]), visit["to_s"])
        if pinned is not None:
            if pinned["worker_id"] not in order:
                continue
            skills, window = (
                {PINNED + order[pinned["worker_id"]]},
                (pinned["begin_s"], pinned["begin_s"]),
            )
        elif barring[number]:
            skills.add(UNBARRED + number)
        if window[0] > window[1]:
            continue
        search.add_job(
            vroom.Job(
                number,
                number,
                default_service=visit["service_s"],
                skills=skills,
                priority=100 if pinned else 0,
                time_windows=[vroom.TimeWindow(*window)],
            )
        )
    for number, worker in enumerate(workers):
        skills = {HELP + skill for skill in worker["skills"]} | {PINNED + number}
        skills |= {
            UNBARRED + visit for visit, barred in barring.items() if barred and number not in barred
        }
        search.add_vehicle(
            vroom.Vehicle(
                number,
                start=len(visits) + number,
                end=len(visits) + number,
                skills=skills,
                max_tasks=problem["most"],
                time_window=vroom.TimeWindow(
                    max(worker["from_s"], problem["now_s"]), max(worker["to_s"], problem["now_s"])
                ),
            )
        )
    return _told(
        search.solve(exploration_level=5, nb_threads=1, timeout=timedelta(seconds=budget_s)),
        visits,
        workers,
    )


def _told(
    solution: Any, visits: list[dict[str, Any]], workers: list[dict[str, Any]]
) -> dict[str, Any]:
    steps = np.asarray(solution._routes_numpy())
    stops = [
        {
            "visit_id": visits[int(step["id"])]["visit_id"],
            "worker_id": workers[int(step["vehicle_id"])]["worker_id"],
            "begin_s": int(step["arrival"]) + int(step["waiting_time"]),
        }
        for step in steps
        if bytes(step["type"]).rstrip(b"\0") == b"job"
    ]
    done = {stop["visit_id"] for stop in stops}
    return {
        "stops": stops,
        "unserved": [visit["visit_id"] for visit in visits if visit["visit_id"] not in done],
    }


def _matrix(places: list[list[float] | None], riding: dict[str, Any]) -> np.ndarray[Any, Any]:
    """(n, n) uint32 seconds, rounded up; places without a position are the same fixed time away
    from everywhere.
    """
    known = np.array([place is not None for place in places])
    lon, lat = (
        np.radians(np.array([place or (0.0, 0.0) for place in places], dtype=float))
        .reshape(-1, 2)
        .T
    )
    half = (
        np.sin((lat[:, None] - lat) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    )
    seconds = np.ceil(
        2 * EARTH_M * np.arcsin(np.sqrt(half)) * riding["detour"] * 3.6 / riding["speed_kmh"]
    )
    seconds[~known, :] = seconds[:, ~known] = riding["unknown_min"] * 60
    np.fill_diagonal(seconds, 0)
    matrix: np.ndarray[Any, Any] = seconds.astype(np.uint32)
    return matrix


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not end up among the answers
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(solve(asked["problem"], asked["budget_s"])), file=answers, flush=True)


if __name__ == "__main__":
    main()
