"""Visits: honest ones stay inside the limits of the audit, and each cheat breaks exactly its own
rule.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from kit.contracts.clock import SHANGHAI
from simulator.world.days import START
from simulator.world.geography import Geography, distance_m
from simulator.world.orders import Order, Visit
from simulator.world.people import Person, population
from simulator.world.visits import DEPENDENT_CHEATS, OUTCOMES, simulate_day

LEAST_SHARE, PLACE_M, SPEED_KMH = 0.8, 300, 60  # the audit's published limits
NINE = datetime(2026, 1, 20, 9, tzinfo=SHANGHAI)
PLANNED_MIN = (30, 45, 60, 90, 180)
RULES = {"teleport": "travel"}  # where the rule that a cheat breaks has another name
PEOPLE = [
    one for one in population(3000, 1, START, Geography(1)) if one.area_code.startswith("341102")
]


def orders_of(seed: int, people: list[Person] = PEOPLE) -> list[Order]:
    """A worker's day of five orders with room to travel, as a plan leaves it."""
    random, at, made = Random(seed), NINE, []
    for number in range(5):
        one, minutes = random.choice(people), random.choice(PLANNED_MIN)
        made.append(
            Order(
                number,
                f"order-{number}",
                one,
                one.area_code,
                minutes,
                0,
                "2026-01",
                at,
                at + timedelta(hours=2),
                planned_at=at,
            )
        )
        at += timedelta(minutes=minutes + 45)
    return made


def broken(order: Order, orders: list[Order]) -> set[str]:
    """What an auditor finds who sees what devices sent, by the published rules alone."""
    visit = order.visit
    assert visit is not None
    served_min = (visit.end - visit.begin) // timedelta(minutes=1)
    home = (order.person.lon, order.person.lat)
    found = {"short"} if served_min < order.planned_min * LEAST_SHARE else set()
    if visit.arrival_point is None or visit.departure_point is None:
        found.add("no position")
    elif (
        distance_m(visit.arrival_point, home) > PLACE_M
        or distance_m(visit.departure_point, home) > PLACE_M
    ):
        found.add("elsewhere")
    others = [
        other.visit
        for other in orders
        if other is not order and other.cheat != "double" and other.visit and not other.visit.absent
    ]
    if any(other.begin < visit.end and visit.begin < other.end for other in others):
        found.add("double")
    before = [other for other in others if other.end <= visit.begin]
    if (
        before
        and visit.arrival_point
        and (last := max(before, key=lambda one: one.end)).departure_point
    ):
        minutes = (visit.begin - last.end) // timedelta(minutes=1) + 1
        if distance_m(last.departure_point, visit.arrival_point) > minutes * SPEED_KMH / 60 * 1000:
            found.add("travel")
    return found


def days(count: int) -> list[list[Order]]:
    made = []
    for seed in range(count):
        orders = orders_of(seed)
        simulate_day(lambda order, seed=seed: Random(f"{seed}:{order.number}"), orders)  # type: ignore[misc]
        made.append(orders)
    return made


DAYS = days(700)


def seen(fits: Callable[[Order, Visit], bool]) -> list[tuple[Order, list[Order]]]:
    return [
        (order, orders)
        for orders in DAYS
        for order in orders
        if order.visit and not order.visit.absent and fits(order, order.visit)
    ]


def test_honest_visits_stay_inside_every_limit() -> None:
    honest = seen(lambda order, visit: not order.cheat and visit.arrival_point is not None)

    assert len(honest) > 2500
    assert [broken(order, orders) for order, orders in honest if broken(order, orders)] == []


@pytest.mark.parametrize("cheat", ["short", "elsewhere", "teleport"])
def test_a_cheat_breaks_exactly_its_own_rule(cheat: str) -> None:
    faked = seen(lambda order, _: order.cheat == cheat)

    assert len(faked) > 30
    assert {frozenset(broken(order, orders)) for order, orders in faked} == {
        frozenset({RULES.get(cheat, cheat)})
    }


def test_a_visit_nobody_can_have_reached_is_reported_after_the_one_before_it() -> None:
    faked = seen(lambda order, _: order.cheat == "teleport")

    for order, _ in faked:
        assert order.visit is not None
        assert order.based_on is not None
        assert order.based_on.visit is not None
        assert order.based_on.visit.end < order.visit.begin
        assert order.visit.departure_sent_at >= order.based_on.visit.departure_sent_at


def test_a_second_visit_at_once_overlaps_the_first_and_is_reported_after_it() -> None:
    faked = seen(lambda order, _: order.cheat == "double")

    assert len(faked) > 30
    for order, orders in faked:
        assert "double" in broken(order, orders)
        assert not {"short", "elsewhere"} & broken(order, orders)
        assert order.visit is not None
        assert order.based_on is not None
        assert order.based_on.visit is not None
        assert order.visit.arrival_sent_at >= order.based_on.visit.departure_sent_at


def test_a_device_without_position_is_the_only_doubt_of_an_honest_visit() -> None:
    without = seen(lambda order, visit: not order.cheat and visit.arrival_point is None)

    assert len(without) > 30
    assert {frozenset(broken(order, orders)) for order, orders in without} == {
        frozenset({"no position"})
    }


def test_a_device_without_network_reports_hours_later_what_it_measured() -> None:
    late = seen(lambda order, visit: not order.cheat and visit.departure_sent_at > visit.end)

    assert len(late) > 60
    assert all(
        timedelta(hours=1) <= order.visit.departure_sent_at - order.visit.end <= timedelta(hours=5)
        for order, _ in late
        if order.visit
    )
    assert {
        order.visit.arrival_sent_at in (order.visit.begin, order.visit.departure_sent_at)
        for order, _ in late
        if order.visit
    } == {True}


def test_departure_is_never_reported_before_arrival() -> None:
    assert all(
        visit.begin < visit.end
        and visit.arrival_sent_at <= visit.departure_sent_at
        and visit.arrival_sent_at >= visit.begin
        for orders in DAYS
        for order in orders
        if (visit := order.visit) and not visit.absent
    )


def test_one_who_visits_honestly_is_never_in_two_places_at_once() -> None:
    for orders in DAYS:
        true = [
            one.visit
            for one in orders
            if one.cheat != "double" and one.visit and not one.visit.absent
        ]
        assert all(one.end < other.begin for one, other in pairwise(true))


def test_the_way_a_visit_goes_does_not_hang_on_who_is_sent() -> None:
    def outcomes(orders: list[Order]) -> list[tuple[str, bool]]:
        simulate_day(lambda order: Random(f"5:{order.number}"), orders)
        return [
            (one.cheat, bool(one.visit and one.visit.absent))
            for one in orders
            if one.cheat not in DEPENDENT_CHEATS
        ]

    together = outcomes(orders_of(5))
    alone = [outcome for order in orders_of(5) for outcome in outcomes([order])]
    assert together == alone


def test_a_visit_that_is_planned_anew_depends_on_nothing_of_its_former_day() -> None:
    orders = orders_of(3)
    for order in orders:
        order.based_on = orders[0]

    simulate_day(lambda order: Random(f"3:{order.number}"), orders)

    assert all(order.based_on is None for order in orders if order.cheat not in DEPENDENT_CHEATS)


def test_outcomes_are_as_frequent_as_stated() -> None:
    orders = [order for orders in DAYS for order in orders]
    shares = dict(OUTCOMES)
    found = Counter(order.cheat for order in orders)

    assert abs(found["elsewhere"] / len(orders) - shares["elsewhere"]) < 0.01
    assert (
        abs(
            sum(bool(one.visit and one.visit.absent) for one in orders) / len(orders)
            - shares["absent"]
        )
        < 0.01
    )


def test_distance_of_one_degree_of_latitude() -> None:
    assert distance_m((118.0, 32.0), (118.0, 33.0)) == pytest.approx(111_195, abs=1)
