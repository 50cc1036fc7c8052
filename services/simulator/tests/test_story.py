"""The story's own laws, without a city: generators, candidates, offers that stand, vouchers, what a
month's turn brings.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import norms
from simulator.client import Gateway
from simulator.story import (
    clock,
    decisions,
    entitlements,
    levels,
    mistakes,
    offers,
    orders,
    payments,
)
from simulator.story.entitlements import Entitlements
from simulator.story.levels import Approved
from simulator.story.offers import Offer
from simulator.story.orders import Orders
from simulator.story.payments import Payments
from simulator.story.story import Story
from simulator.story.vouchers import Vouchers
from simulator.story.workers import Workers
from simulator.world.days import instant
from simulator.world.firms import Firm, Worker
from simulator.world.geography import Geography
from simulator.world.orders import Order, Visit
from simulator.world.people import Person

GEOGRAPHY = Geography(1)
Flows = Callable[..., tuple[int, int]]
FIRM = Firm(
    "52341102MJ0000011A", "firm", "ENTERPRISE", "341102", 118.3, 32.3, True, organisation_id="firm"
)


@pytest.fixture
async def story() -> Any:
    gateway = Gateway("http://127.0.0.1:9", client_id="simulator", secret="none", seed=1)
    yield Story(gateway, 600, 1, GEOGRAPHY)
    await gateway.close()


def approve(story: Story, one: Person, level: int, assessed_on: date | None = None) -> None:
    """A level that is approved today."""
    first = assessed_on or story.today
    level_found = Approved(level, first, first, norms.valid_to(first), story.today)
    levels.approve(story, one, level_found)


def an_order(story: Story, number: int = 0, **but: Any) -> Order:
    one, begin = story.world.people[number], instant(date(2026, 1, 20), time(9))
    given = {"voucher_fen": 1000, "state": "placed"} | but
    story.state(Vouchers).free_fen.setdefault((one.number, "2026-01"), 0)
    story.state(Vouchers).areas.setdefault((one.number, "2026-01"), one.area_code)
    order = Order(
        number,
        f"order-{number}",
        one,
        one.area_code,
        60,
        given.pop("voucher_fen"),
        "2026-01",
        begin,
        begin + timedelta(hours=2),
    )
    for name, value in given.items():
        setattr(order, name, value)
    story.state(Orders).add(order)
    return order


async def test_a_generator_depends_on_the_deed_and_on_nothing_that_was_drawn_before(
    story: Story,
) -> None:
    first = story.rng("order", 7).random()
    story.rng("order", 8).random()

    assert story.rng("order", 7).random() == first
    assert story.rng("order", 71).random() != story.rng("order", 7, 1).random()


async def test_two_stories_of_one_seed_begin_alike(story: Story) -> None:
    again = Story(story.gateway, 600, 1, GEOGRAPHY)

    assert again.world.people == story.world.people
    assert [one.number for one in again.roster.applicants] == [
        one.number for one in story.roster.applicants
    ]
    assert [(firm.name, len(firm.workers)) for firm in again.roster.firms] == [
        (firm.name, len(firm.workers)) for firm in story.roster.firms
    ]


@given(seed=st.integers(), count=st.integers(0, 3000), rate=st.floats(0, 1))
def test_some_are_chosen_in_their_order_and_each_once(seed: int, count: int, rate: float) -> None:
    chosen = list(orders.some(Random(seed), range(count), rate))

    assert chosen == sorted(set(chosen))
    assert all(0 <= one < count for one in chosen)


@pytest.mark.parametrize("rate", [0.001, 0.05, 0.4])
def test_as_many_are_chosen_as_the_rate_asks_for(rate: float) -> None:
    candidates = range(200_000)
    found = sum(1 for _ in orders.some(Random(1), candidates, rate))

    spread = (len(candidates) * rate * (1 - rate)) ** 0.5
    assert abs(found - len(candidates) * rate) < 5 * spread


@pytest.fixture
def offer(story: Story) -> Offer:
    story.state(Workers).by_id["worker"] = Worker(
        0, "护理员", "", "", (), True, None, (480, 1080), worker_id="worker"
    )
    an_order(story)
    story.now = instant(date(2026, 1, 19), time(18, 5))
    return Offer(
        firm=FIRM,
        order_id="order-0",
        worker_id="worker",
        area_code="",
        attempt=1,
        assigned_at=story.now,
        planned_at=story.now,
    )


async def test_an_offer_stands_for_four_hours(story: Story, offer: Offer) -> None:
    story.now += timedelta(hours=3, minutes=59)
    assert offers._stands(story, offer)

    story.now += timedelta(minutes=1)
    assert not offers._stands(story, offer)


async def test_no_offer_stands_beyond_the_window_or_for_a_worker_who_left(
    story: Story, offer: Offer
) -> None:
    order = story.state(Orders).by_id["order-0"]
    offer = replace(offer, assigned_at=order.wanted_to - timedelta(minutes=30))
    story.now = order.wanted_to - timedelta(minutes=1)
    assert offers._stands(story, offer)

    story.state(Workers).by_id["worker"].left = True
    assert not offers._stands(story, offer)
    story.state(Workers).by_id["worker"].left = False
    story.now = order.wanted_to
    assert not offers._stands(story, offer)


@pytest.mark.parametrize(
    "state", ["accepted", "finished", "cancelled", "death", "moved away", "unserved", "missed"]
)
async def test_what_was_answered_or_is_over_asks_for_no_answer(
    story: Story, offer: Offer, state: str
) -> None:
    story.state(Orders).by_id["order-0"].state = state

    assert not offers._stands(story, offer)


async def test_an_order_that_ends_gives_its_voucher_back(story: Story, flows: Flows) -> None:
    order = an_order(story)
    story.state(Entitlements).voucher_areas[order.person.number] = order.area_code
    story.state(Vouchers).free_fen[order.voucher] = 5000
    story.truth.count("ORDERS", "2026-01", order.area_code)

    orders.end(story, order, "missed")

    assert story.state(Vouchers).free_fen[order.person.number, "2026-01"] == 6000
    assert flows(story, "DI03") == (0, 1)
    assert story.state(Orders).open == {}


@pytest.mark.parametrize("state", ["cancelled", "death", "moved away"])
async def test_an_order_the_elder_ends_is_not_one_that_was_to_be_served(
    story: Story, state: str, flows: Flows
) -> None:
    order = an_order(story)
    story.truth.count("ORDERS", "2026-01", order.area_code)

    orders.end(story, order, state)

    assert flows(story, "DI03") == (0, 0)


async def test_nobody_comes_to_who_is_gone_but_a_begun_visit_is_ended(story: Story) -> None:
    waiting, begun, other = (
        an_order(story, 0),
        an_order(story, 1, state="arrived"),
        an_order(story, 2),
    )
    begun.person = waiting.person

    orders.end_all(story, waiting.person, "moved away")

    assert (waiting.state, begun.state, other.state) == ("moved away", "arrived", "placed")
    assert set(story.state(Orders).open) == {begun.order_id, other.order_id}


async def test_who_leaves_has_nothing_any_more(story: Story) -> None:
    one = story.world.people[0]
    one.hardships = ("DIBAO",)
    approve(story, one, 3)
    entitlements.entitle(story, one)
    assert one.number in story.state(Entitlements).voucher_areas
    assert one.number in story.world.cash

    entitlements.end_all(story, one)
    entitlements.entitle(story, one)

    assert one.number not in story.state(Entitlements).voucher_areas
    assert one.number not in story.world.cash


async def test_a_voucher_is_issued_once_a_month(story: Story, flows: Flows) -> None:
    one = story.world.people[0]
    approve(story, one, 2)
    entitlements.entitle(story, one)
    entitlements.entitle(story, one)

    assert flows(story, "SU05") == (0, 80_000)


async def test_the_very_poor_get_cash_and_no_voucher(story: Story) -> None:
    one = story.world.people[0]
    one.hardships = ("TEKUN",)
    approve(story, one, 4)
    entitlements.entitle(story, one)

    assert (
        one.number in story.world.cash,
        one.number in story.state(Entitlements).voucher_areas,
    ) == (True, False)


async def test_the_turn_of_a_month_issues_and_the_tenth_pays(story: Story, flows: Flows) -> None:
    one = story.world.people[0]
    one.hardships = ("DIBAO",)
    approve(story, one, 4)
    entitlements.entitle(story, one)

    story.today = date(2026, 2, 10)
    story.now = instant(story.today, time(8, 30))
    clock._catch_up(story, datetime.fromisoformat("2026-01-31T20:00:00+08:00"))

    assert flows(story, "SU05", "2026-02") == (0, 80_000)
    assert flows(story, "SU06", "2026-02") == (1, 1)
    assert flows(story, "SU07", "2026-02") == (0, 26_000)


async def test_debts_are_paid_on_friday_afternoon_and_once(story: Story, flows: Flows) -> None:
    story.state(Payments).unpaid = [
        an_order(
            story, number, firm=FIRM, captured=True, approved_on=date(2026, 1, 19), voucher_fen=500
        )
        for number in (0, 1)
    ]
    story.state(Vouchers).areas |= {
        (order.person.number, order.month): order.area_code
        for order in story.state(Payments).unpaid
    }
    story.today = date(2026, 1, 23)
    story.now = instant(story.today, time(14, 30))
    clock._catch_up(story, instant(story.today, time(13)))
    assert flows(story, "SU06") == (0, 0)

    before, story.now = story.now, instant(story.today, time(16))
    clock._catch_up(story, before)
    clock._catch_up(story, story.now)

    assert flows(story, "SU06") == (1, 1)


@pytest.mark.parametrize(
    ("died_on", "paid", "used", "wrong"),
    [
        (date(2026, 1, 20), False, (1000, 0), (0, 1000)),
        (date(2026, 1, 19), False, (0, 0), (0, 0)),
        (date(2026, 1, 19), True, (1000, 0), (1000, 1000)),
    ],
)
async def test_a_visit_behind_a_late_death_is_owed_no_more_or_claimed_where_it_was_paid(
    story: Story,
    died_on: date,
    paid: bool,
    used: tuple[int, int],
    wrong: tuple[int, int],
    flows: Flows,
) -> None:
    order = an_order(story, firm=FIRM)
    order.visit = Visit(
        order.wanted_from, order.wanted_to, None, None, order.wanted_from, order.wanted_to
    )
    story.state(Vouchers).areas[order.voucher] = order.area_code
    story.state(Vouchers).expired.add(order.voucher)
    payments.capture(story, order)
    if paid:
        payments.pay_firms(story, date(2026, 1, 23))

    order.person.died_on = died_on
    payments.reverse_visits(story, order.person)
    payments.reverse_visits(story, order.person)

    assert (flows(story, "SU05"), flows(story, "SU07")) == (used, wrong)


async def test_nothing_is_owed_for_a_visit_that_is_reported_after_the_death_before_it(
    story: Story, flows: Flows
) -> None:
    order = an_order(story, firm=FIRM)
    order.visit = Visit(
        order.wanted_from, order.wanted_to, None, None, order.wanted_from, order.wanted_to
    )
    story.state(Vouchers).areas[order.voucher] = order.area_code
    story.state(Vouchers).expired.add(order.voucher)
    order.person.died_on = date(2026, 1, 19)

    payments.capture(story, order)

    assert (flows(story, "SU05"), flows(story, "SU07"), flows(story, "SU09")) == (
        (0, 0),
        (0, 0),
        (0, 1),
    )
    assert story.state(Payments).unpaid == []


@pytest.mark.parametrize(
    ("state", "after", "ends"),
    [
        ("placed", timedelta(0), "unserved"),
        ("offered", timedelta(0), "unserved"),
        ("accepted", timedelta(hours=3, minutes=59), "accepted"),
        ("accepted", timedelta(hours=4), "missed"),
        ("arrived", timedelta(hours=9), "arrived"),
        ("placed", timedelta(minutes=-1), "placed"),
    ],
)
async def test_orders_nobody_serves_end_by_themselves(
    story: Story, state: str, after: timedelta, ends: str
) -> None:
    order = an_order(story, state=state)
    before, story.now, story.today = story.now, order.wanted_to + after, order.wanted_to.date()

    clock._catch_up(story, before)

    assert order.state == ends


@pytest.mark.parametrize("seed", range(1, 6))
async def test_the_first_week_of_any_story_has_each_mistake(story: Story, seed: int) -> None:
    story.seed, found = seed, set[str]()
    for _ in range(7):
        found.update(mistakes.due(story, story.rng("mistakes", story.today)))
        story.today += timedelta(days=1)

    assert found == {kind for kind, _, _ in mistakes.KINDS}


async def test_the_smallest_city_has_assessors_enough_for_every_review(story: Story) -> None:
    assert len(story.roster.assessor_ids) >= 2 * (1 + decisions.MOST_REVIEWS)
