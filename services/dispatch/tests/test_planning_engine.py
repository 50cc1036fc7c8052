"""The solver in its child process: what it plans passes the checker, and what goes wrong with it
harms nobody.
"""

import sys
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
import pytest_asyncio

from dispatch.orders.rules import GeoPoint
from dispatch.planning.engine import Engine, SolverBroken
from dispatch.planning.rules.checker import breaches
from dispatch.planning.rules.problem import Problem, Stop, Visit, Worker
from dispatch.planning.rules.scan import plan_by_scan
from dispatch.planning.rules.travel import Riding

HOUR = 3600
SECOND = timedelta(seconds=1)


def a_day(visits=40, workers=8, seed=1):
    rng = Random(seed)

    def point():
        return GeoPoint(118.3 + rng.uniform(-0.1, 0.1), 32.3 + rng.uniform(-0.1, 0.1))

    able = tuple(
        Worker(f"w{n}", "o", point(), frozenset(rng.sample(range(1, 7), 3)), 8 * HOUR, 17 * HOUR)
        for n in range(workers)
    )
    wanted = []
    for n in range(visits):
        begin = rng.randrange(8 * HOUR, 15 * HOUR, HOUR // 2)
        excluded = frozenset({rng.choice(able).worker_id}) if rng.random() < 0.2 else frozenset()
        home = point() if rng.random() > 0.1 else None
        wanted.append(
            Visit(
                f"v{n}",
                home,
                rng.randint(1, 6),
                begin,
                begin + rng.choice([1, 2, 4]) * HOUR // 2,
                HOUR // 2,
                excluded,
            )
        )
    return Problem(tuple(wanted), able, Riding(1.3, 20, 20), 8)


@pytest_asyncio.fixture
async def engine():
    opened = Engine(2 * SECOND)
    yield opened
    await opened.close()


async def test_a_solved_day_passes_the_checker_and_serves_no_fewer_than_the_scan(engine):
    for seed in range(3):
        day = a_day(seed=seed)

        plan = await engine.solve(day)

        assert breaches(day, plan) == []
        assert len(plan.unserved) <= len(plan_by_scan(day).unserved)


async def test_what_is_promised_is_not_moved_by_the_solver(engine):
    day = a_day()
    promised = {stop.visit_id: stop for stop in plan_by_scan(day).stops[::3]}
    again = replace(
        day,
        visits=tuple(replace(visit, pinned=promised.get(visit.visit_id)) for visit in day.visits),
    )

    plan = await engine.solve(again)

    assert set(promised.values()) <= set(plan.stops)
    assert breaches(again, plan) == []


async def test_nothing_begins_before_now(engine):
    day = replace(a_day(), now_s=12 * HOUR)

    plan = await engine.solve(day)

    assert plan.stops
    assert min(stop.begin_s for stop in plan.stops) >= 12 * HOUR
    assert breaches(day, plan) == []


async def test_a_killed_child_is_replaced_and_the_next_day_is_solved(engine):
    await engine.solve(a_day())
    engine._child.kill()
    await engine._child.wait()

    plan = await engine.solve(a_day())

    assert breaches(a_day(), plan) == []


@pytest.mark.parametrize(
    ("does", "program"),
    [
        ("dies", "import sys; sys.stdin.readline(); sys.exit(1)"),
        (
            "talks nonsense",
            "import sys; sys.stdin.readline(); print('no plan'); sys.stdout.flush(); "
            "sys.stdin.read()",
        ),
        (
            "forgets a field",
            "import sys; sys.stdin.readline(); print('{}'); sys.stdout.flush(); sys.stdin.read()",
        ),
        ("overruns its time", "import sys; sys.stdin.read()"),
    ],
)
async def test_a_solver_that_breaks_costs_quality_and_not_the_plan(does, program):
    engine = Engine(
        timedelta(milliseconds=200), command=(sys.executable, "-c", program), start=SECOND
    )
    day = a_day()

    with pytest.raises(SolverBroken):
        await engine.solve(day)
    plan = await engine.plan(day)

    assert breaches(day, plan) == []
    assert plan == plan_by_scan(day)
    assert engine._child is None


async def test_a_plan_that_breaks_a_rule_is_not_used():
    liar = """
import json, sys
for line in sys.stdin:
    visits = json.loads(line)["problem"]["visits"]
    stops = [
        {"visit_id": visit["visit_id"], "worker_id": "w0", "begin_s": visit["from_s"]}
        for visit in visits
    ]
    print(json.dumps({"stops": stops, "unserved": []}))
    sys.stdout.flush()
"""
    engine = Engine(SECOND, command=(sys.executable, "-c", liar))
    day = a_day()

    assert breaches(day, await engine.solve(day))
    assert await engine.plan(day) == plan_by_scan(day)
    await engine.close()


async def test_a_day_without_workers_needs_no_solver(engine):
    plan = await engine.plan(replace(a_day(), workers=()))

    assert len(plan.unserved) == 40
    assert engine._child is None


async def test_a_promise_to_somebody_who_is_no_worker_any_more_is_kept_in_the_plan(engine):
    day = a_day(visits=2)
    gone = Stop("v0", "left", 9 * HOUR)
    day = replace(day, visits=(replace(day.visits[0], pinned=gone), day.visits[1]))

    plan = await engine.plan(day)

    assert gone in plan.stops
    assert breaches(day, plan) == []
