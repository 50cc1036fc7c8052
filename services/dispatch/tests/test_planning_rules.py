"""Plans: what the scan finds, and what the checker, which shares no code with it, refuses."""

from dataclasses import replace
from itertools import permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.orders.rules import GeoPoint
from dispatch.planning.rules.checker import breaches
from dispatch.planning.rules.problem import Plan, Problem, Stop, Visit, Worker
from dispatch.planning.rules.scan import best_stop, plan_by_scan
from dispatch.planning.rules.travel import Riding, travel_s

RIDING = Riding(1.3, 20, 20)
HOUR = 3600
BASE = GeoPoint(118.30, 32.30)

points = st.builds(GeoPoint, st.floats(118.2, 118.4), st.floats(32.2, 32.4))
homes = st.one_of(st.none(), points)


@st.composite
def problems(draw, most_visits=6):
    workers = tuple(
        Worker(
            f"w{n}",
            "o",
            draw(points),
            draw(st.frozensets(st.integers(1, 3), min_size=1)),
            8 * HOUR,
            draw(st.integers(10, 18)) * HOUR,
        )
        for n in range(draw(st.integers(1, 3)))
    )
    visits = []
    for n in range(draw(st.integers(0, most_visits))):
        begin = draw(st.integers(7 * 4, 17 * 4)) * HOUR // 4
        excluded = draw(
            st.frozensets(st.sampled_from([worker.worker_id for worker in workers]), max_size=1)
        )
        visits.append(
            Visit(
                f"v{n}",
                draw(homes),
                draw(st.integers(1, 3)),
                begin,
                begin + draw(st.integers(2, 8)) * HOUR // 4,
                draw(st.integers(1, 6)) * HOUR // 4,
                excluded,
            )
        )
    return Problem(
        tuple(visits),
        workers,
        RIDING,
        draw(st.integers(1, 4)),
        draw(st.sampled_from([0, 9 * HOUR])),
    )


@given(problems())
def test_every_plan_of_the_scan_passes_the_checker(problem):
    assert breaches(problem, plan_by_scan(problem)) == []


@given(problems(), st.data())
def test_what_is_pinned_stays_where_it_is_when_the_rest_is_placed(problem, data):
    first = plan_by_scan(problem)
    pinned = {stop.visit_id: stop for stop in first.stops if data.draw(st.booleans())}
    again = replace(
        problem,
        visits=tuple(replace(visit, pinned=pinned.get(visit.visit_id)) for visit in problem.visits),
    )

    plan = plan_by_scan(again)

    assert set(pinned.values()) <= set(plan.stops)
    assert breaches(again, plan) == []


@given(problems(), st.data())
def test_no_spoilt_plan_passes(problem, data):
    plan = plan_by_scan(problem)
    if not plan.stops:
        return
    stop = data.draw(st.sampled_from(plan.stops))
    others = tuple(other for other in plan.stops if other != stop)
    visit = next(visit for visit in problem.visits if visit.visit_id == stop.visit_id)
    spoilt = {
        "forgotten": Plan(others, plan.unserved),
        "twice": Plan((*plan.stops, stop), plan.unserved),
        "stranger": Plan((*others, replace(stop, worker_id="nobody")), plan.unserved),
        "too early": Plan((*others, replace(stop, begin_s=visit.from_s - 1)), plan.unserved),
        "too late": Plan((*others, replace(stop, begin_s=visit.to_s + 1)), plan.unserved),
        "unknown": Plan((*plan.stops, Stop("v99", stop.worker_id, stop.begin_s)), plan.unserved),
    }

    assert [name for name, wrong in spoilt.items() if not breaches(problem, wrong)] == []


@settings(max_examples=40)
@given(problems(most_visits=3))
def test_the_scan_serves_a_visit_wherever_brute_force_finds_a_gap_for_it(problem):
    for visit in problem.visits:
        alone = replace(problem, visits=(visit,))

        found = best_stop(visit, alone, {})

        assert (found is not None) == _some_second_is_right(alone, visit)


def _some_second_is_right(problem, visit):
    def is_right(worker, second):
        way = travel_s(worker.depot, visit.home, RIDING)
        out = max(worker.from_s, problem.now_s) + way
        home = second + visit.service_s + way
        return (
            second >= out
            and home <= worker.to_s
            and not breaches(problem, Plan((Stop(visit.visit_id, worker.worker_id, second),)))
        )

    begins = {
        max(worker.from_s, problem.now_s) + travel_s(worker.depot, visit.home, RIDING)
        for worker in problem.workers
    }
    return any(
        is_right(worker, second)
        for worker, second in product(problem.workers, {visit.from_s, visit.to_s} | begins)
    )


def test_two_workers_share_what_one_cannot_do():
    visits = tuple(Visit(f"v{n}", BASE, 1, 9 * HOUR, 9 * HOUR + 1800, HOUR) for n in range(3))
    workers = tuple(
        Worker(f"w{n}", "o", BASE, frozenset({1}), 8 * HOUR, 18 * HOUR) for n in range(2)
    )

    plan = plan_by_scan(Problem(visits, workers, RIDING, 8))

    assert len(plan.stops) == 2
    assert {stop.worker_id for stop in plan.stops} == {"w0", "w1"}
    assert len(plan.unserved) == 1


def test_the_way_between_two_homes_counts():
    far = GeoPoint(118.30, 32.50)  # 22 km: 87 min on the way
    visits = (
        Visit("a", BASE, 1, 9 * HOUR, 9 * HOUR, HOUR),
        Visit("b", far, 1, 10 * HOUR, 11 * HOUR, HOUR),
    )
    worker = Worker("w", "o", BASE, frozenset({1}), 8 * HOUR, 18 * HOUR)
    problem = Problem(visits, (worker,), RIDING, 8)

    plan = plan_by_scan(problem)

    assert plan.unserved == ("b",)
    too_close = Plan((Stop("a", "w", 9 * HOUR), Stop("b", "w", 11 * HOUR)))
    assert [breach.rule for breach in breaches(problem, too_close)] == ["travel"]


def test_the_two_shifts_of_a_night_worker_are_two_ways_from_the_depot():
    nights = tuple(
        Worker("w", "o", BASE, frozenset({1}), begin * HOUR, end * HOUR)
        for begin, end in ((-2, 6), (22, 30))
    )
    visits = tuple(
        Visit(name, BASE, 1, hour * HOUR, hour * HOUR + 1800, HOUR)
        for name, hour in (("early", 1), ("noon", 12), ("late", 23), ("beyond", 25))
    )
    problem = Problem(visits, nights, RIDING, 2, now_s=-6 * HOUR)

    plan = plan_by_scan(problem)

    assert plan.unserved == ("noon",)
    assert breaches(problem, plan) == []
    at_noon = Plan((Stop("noon", "w", 12 * HOUR),), ("early", "late", "beyond"))
    assert {breach.rule for breach in breaches(problem, at_noon)} == {"shift ends"}


def test_each_rule_of_the_checker_has_its_name():
    visit = Visit("a", BASE, 1, 9 * HOUR, 10 * HOUR, HOUR, frozenset({"b"}))
    worker = Worker("w", "o", BASE, frozenset({1}), 9 * HOUR, 11 * HOUR)
    problem = Problem(
        (visit,),
        (
            worker,
            replace(worker, worker_id="b"),
            replace(worker, worker_id="c", skills=frozenset({2})),
        ),
        RIDING,
        8,
    )

    def names(stop, of=problem):
        return {breach.rule for breach in breaches(of, Plan((stop,)))}

    assert names(Stop("a", "w", 9 * HOUR)) == set()
    assert names(Stop("a", "b", 9 * HOUR)) == {"barred"}
    assert names(Stop("a", "c", 9 * HOUR)) == {"skill"}
    assert names(Stop("a", "w", 10 * HOUR + 60)) == {"window", "shift ends"}
    assert names(Stop("a", "w", 9 * HOUR), replace(problem, now_s=9 * HOUR + 1)) == {"in the past"}
    assert names(
        Stop("a", "w", 9 * HOUR), replace(problem, workers=(replace(worker, from_s=9 * HOUR + 60),))
    ) == {"shift begins"}
    assert names(Stop("a", "w", 9 * HOUR), replace(problem, most=0)) == {"too many visits"}
    pinned = replace(problem, visits=(replace(visit, pinned=Stop("a", "w", 10 * HOUR)),))
    assert names(Stop("a", "w", 9 * HOUR), pinned) == {"moved"}


@settings(max_examples=20)
@given(problems(most_visits=4))
def test_the_order_in_which_visits_are_listed_does_not_change_the_plan(problem):
    plans = {
        frozenset(plan_by_scan(replace(problem, visits=tuple(visits))).stops)
        for visits in list(permutations(problem.visits))[:6]
    }

    assert len(plans) <= 1
