"""What the story expects of an audit: exactly the doubts that follow from what was reported, of
honest visits too.
"""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from simulator.client import Gateway
from simulator.story import settlements, visits
from simulator.story.orders import Orders
from simulator.story.settlements import Settlement
from simulator.story.story import Story
from simulator.story.visits import Visits
from simulator.truth import audit
from simulator.world.days import START, instant
from simulator.world.firms import Worker
from simulator.world.geography import Geography
from simulator.world.orders import Order, Visit
from simulator.world.people import population

PEOPLE = population(50, 1, START, Geography(1))
NINE = instant(date(2026, 1, 20), time(9))
HOME = (118.3, 32.3)
WORKER = Worker(0, "护理员", "", "", (), True, None, (480, 1080), worker_id="worker")


def a_visit(
    number: int = 0,
    *,
    begin: int = 0,
    minutes: int = 60,
    batch: int = 1,
    north_m: float = 0,
    **but: Any,
) -> Order:
    """An order of an hour at the home, served as planned; begin: minutes after nine. north_m: how
    far the home lies from the others.
    """
    home = HOME[0], HOME[1] + north_m / 111_195
    one, start = replace(PEOPLE[number], lon=home[0], lat=home[1]), NINE + timedelta(minutes=begin)
    end = start + timedelta(minutes=minutes)
    visit = Visit(
        start, end, but.pop("arrival_point", home), but.pop("departure_point", home), start, end
    )
    return Order(
        number,
        f"order-{number}",
        one,
        one.area_code,
        60,
        0,
        "2026-01",
        start,
        start + timedelta(hours=2),
        worker=WORKER,
        state="finished",
        visit=visit,
        batch=batch,
        **but,
    )


def doubts(order: Order, *others: Order) -> tuple[set[str], set[str]]:
    return audit.doubts(order, [*others, order])


@pytest.mark.parametrize(("minutes", "found"), [(48, set()), (47, {"DOUBT_TOO_SHORT"})])
def test_four_fifths_of_the_planned_time_are_enough(minutes: int, found: set[str]) -> None:
    assert doubts(a_visit(minutes=minutes)) == (found, set())


@pytest.mark.parametrize(("metres", "found"), [(299, set()), (302, {"DOUBT_WRONG_PLACE"})])
def test_a_departure_may_be_three_hundred_metres_from_the_home(
    metres: int, found: set[str]
) -> None:
    assert doubts(a_visit(departure_point=(HOME[0], HOME[1] + metres / 111_195))) == (found, set())


@pytest.mark.parametrize("place", ["arrival_point", "departure_point"])
def test_a_visit_without_a_position_is_doubted_for_that_alone(place: str) -> None:
    assert doubts(a_visit(**{place: None})) == ({"DOUBT_NO_POSITION"}, set())


@pytest.mark.parametrize(
    ("metres", "found"), [(10_900, set()), (11_100, {"DOUBT_IMPOSSIBLE_TRAVEL"})]
)
def test_ten_minutes_and_one_are_eleven_kilometres(metres: int, found: set[str]) -> None:
    assert doubts(a_visit(1, begin=70, north_m=metres), a_visit()) == (found, set())


def test_travel_is_from_the_latest_departure_that_was_reported_by_then() -> None:
    first, near, far = a_visit(), a_visit(1, begin=65), a_visit(2, begin=130, north_m=30_000)

    assert doubts(far, first, near)[0] == {"DOUBT_IMPOSSIBLE_TRAVEL"}
    assert audit.doubts(far, [first, far, near]) == (
        set(),
        set(),
    )  # seventy minutes from the first one


def test_an_earlier_visit_without_position_is_no_evidence_of_travel() -> None:
    assert doubts(a_visit(1, begin=61, north_m=30_000), a_visit(departure_point=None)) == (
        set(),
        set(),
    )


def test_of_two_visits_at_once_the_one_reported_later_is_held() -> None:
    true, fake = a_visit(), a_visit(1, begin=5, batch=2)

    assert audit.doubts(true, [true, fake]) == (set(), set())
    assert audit.doubts(fake, [true, fake]) == ({"DOUBT_OVERLAP"}, set())


def test_of_two_workers_at_one_elder_at_once_the_one_reported_later_is_held() -> None:
    first, later = a_visit(), a_visit(1, begin=5, batch=2)

    assert audit.doubts(first, [first], [first, later]) == (set(), set())
    assert audit.doubts(later, [later], [first, later]) == ({"DOUBT_OVERLAP"}, set())


def test_of_two_visits_at_once_reported_in_one_batch_either_may_be_held() -> None:
    one, other = a_visit(), a_visit(1, begin=5)

    assert [audit.doubts(order, [one, other]) for order in (one, other)] == [
        (set(), {"DOUBT_OVERLAP"})
    ] * 2


@pytest.fixture
async def story() -> Any:
    gateway = Gateway("http://127.0.0.1:9", client_id="simulator", secret="none", seed=1)
    yield Story(gateway, 600, 1, Geography(1))
    await gateway.close()


def checked(story: Story, orders: list[Order], held: dict[str, list[str]]) -> list[str]:
    story.state(Visits).reported["worker"] += orders
    story.state(Visits).unaudited += orders
    settlements.check_doubts(
        story, {key: Settlement(key, key, frozenset(doubts)) for key, doubts in held.items()}
    )
    return story.failures


async def test_an_audit_that_holds_an_honest_visit_is_noticed(story: Story) -> None:
    assert checked(story, [a_visit()], {"order-0": ["DOUBT_TOO_SHORT"]}) == [
        "doubts about order 0, honest: ['DOUBT_TOO_SHORT'], not []"
    ]


async def test_an_audit_that_doubts_for_the_wrong_reason_is_noticed(story: Story) -> None:
    short = a_visit(minutes=20, cheat="short")

    assert len(checked(story, [short], {"order-0": ["DOUBT_TOO_SHORT", "DOUBT_OVERLAP"]})) == 1


@pytest.mark.parametrize(
    ("cheat", "order"),
    [
        ("short", a_visit(minutes=20)),
        ("teleport", a_visit(1, begin=61, north_m=30_000)),
        ("double", a_visit(1, begin=5, batch=2)),
    ],
)
async def test_a_fake_that_passes_is_noticed(story: Story, cheat: str, order: Order) -> None:
    order.cheat = cheat
    story.state(Visits).reported["worker"].append(a_visit(2))

    assert len(checked(story, [order], {})) == 2


async def test_a_verdict_on_a_visit_of_another_day_is_noticed(story: Story) -> None:
    assert checked(story, [], {"order-0": []}) == [
        "held visits that were judged before: ['order-0'], not []"
    ]


async def test_the_honest_visit_beside_a_fake_may_rightly_be_held(story: Story) -> None:
    fake, honest = (
        a_visit(cheat="short", minutes=20, north_m=40_000),
        a_visit(1, begin=30, batch=2),
    )

    assert (
        checked(
            story,
            [fake, honest],
            {"order-0": ["DOUBT_TOO_SHORT"], "order-1": ["DOUBT_IMPOSSIBLE_TRAVEL"]},
        )
        == []
    )


@pytest.mark.parametrize(
    ("cheat", "later"), [("", 0), ("short", 0), ("elsewhere", 0), ("double", 1), ("teleport", 1)]
)
async def test_a_fake_that_depends_on_a_true_visit_is_sent_when_that_one_is_judged(
    story: Story, cheat: str, later: int
) -> None:
    order = a_visit(cheat=cheat)
    order.state, story.now = "accepted", NINE + timedelta(hours=4)
    story.state(Orders).open[order.order_id] = order

    sent = visits._due_reports(story)

    assert [len(part) for part in sent] == ([0, 2] if later else [2, 0])
