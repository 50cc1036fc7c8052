"""Dates and promises are the city's own: a platform that tells others is found out, and what comes
late counts as late.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from simulator import norms
from simulator.client import Gateway
from simulator.story import (
    applications,
    assessments,
    cash,
    complaints,
    entitlements,
    levels,
    offers,
    payments,
)
from simulator.story.applications import SLOW_DAYS, Case
from simulator.story.assessments import Result
from simulator.story.complaints import Complaints, Receipt
from simulator.story.levels import Approved
from simulator.story.orders import Orders
from simulator.story.payments import Payments
from simulator.story.story import Story
from simulator.story.vouchers import Vouchers
from simulator.world.days import instant
from simulator.world.firms import Firm
from simulator.world.geography import Geography
from simulator.world.orders import Order

Flows = Callable[..., tuple[int, int]]
APPLIED = date(2026, 1, 16)
GEOGRAPHY = Geography(1)
FIRM = Firm(
    "52341102MJ0000011A", "firm", "ENTERPRISE", "341102", 118.3, 32.3, True, organisation_id="firm"
)


@pytest.fixture
async def story() -> Any:
    gateway = Gateway("http://127.0.0.1:9", client_id="simulator", secret="none", seed=1)
    made = Story(gateway, 600, 1, GEOGRAPHY)
    yield made
    await gateway.close()


def completed(story: Story, on: date, **but: Any) -> Case:
    """A case of which a result was found on a day; but: what the platform answers otherwise."""
    one = story.world.people[0]
    case = Case(one, "application", one.area_code, APPLIED, APPLIED, assessors=(0, 1))
    story.now = instant(APPLIED, time(8, 30))
    applications.record_application(story, one.area_code, "HOTLINE")
    story.today, story.now = on, instant(on, time(8, 30))
    answer = {
        "public_until": norms.public_until(on).isoformat(),
        "working_days": norms.working_days(APPLIED, on),
    }
    assessments.complete(story, case, Result.read({"assessment_id": "assessment"} | answer | but))
    return case


async def test_publicity_is_seven_whole_days_after_the_day_of_the_result(story: Story) -> None:
    case = completed(story, date(2026, 1, 20))

    assert case.public_until == datetime.fromisoformat("2026-01-28T00:00:00+08:00")
    assert story.failures == []


async def test_a_platform_without_publicity_is_found_out_and_not_believed(story: Story) -> None:
    case = completed(story, date(2026, 1, 20), public_until="2026-01-20T00:30:00Z")

    assert len(story.failures) == 1
    assert case.public_until == datetime.fromisoformat("2026-01-28T00:00:00+08:00")


@pytest.mark.parametrize(
    ("last", "days"),
    [
        (date(2026, 1, 16), 0),
        (date(2026, 1, 18), 0),
        (date(2026, 1, 19), 1),
        (date(2026, 2, 6), 15),
        (date(2026, 2, 9), 16),
        (date(2026, 2, 13), 20),
        (date(2026, 2, 14), 21),
        (date(2026, 2, 23), 21),
        (date(2026, 2, 24), 22),
        (date(2026, 2, 28), 26),
    ],
)
def test_working_days_know_the_spring_festival_and_the_saturdays_worked_for_it(
    last: date, days: int
) -> None:
    assert norms.working_days(APPLIED, last) == days


@pytest.mark.parametrize(("on", "in_time"), [(date(2026, 2, 6), 1), (date(2026, 2, 9), 0)])
async def test_a_result_after_fifteen_working_days_is_late(
    story: Story, on: date, in_time: int, flows: Flows
) -> None:
    completed(story, on)

    assert (flows(story, "AS04", "2026-01"), flows(story, "AS07", "2026-02")) == (
        (in_time, 1),
        (1, 1),
    )


async def test_working_days_that_the_platform_counts_otherwise_are_found_out(story: Story) -> None:
    completed(story, date(2026, 1, 20), working_days=0)

    assert story.failures == ["working days from 2026-01-16 to 2026-01-20: 0, not 2"]


def test_the_slow_assessment_of_the_first_day_is_late() -> None:
    assert not norms.assessed_in_time(APPLIED, APPLIED + timedelta(days=SLOW_DAYS))
    assert norms.assessed_in_time(APPLIED, APPLIED + timedelta(days=SLOW_DAYS - 3))


@pytest.mark.parametrize(
    ("approved_on", "in_time"), [(date(2026, 1, 20), 1), (date(2026, 1, 19), 0)]
)
async def test_a_firm_is_paid_in_time_within_ten_days_of_the_first_visit(
    story: Story, approved_on: date, in_time: int, flows: Flows
) -> None:
    one, begin = story.world.people[0], instant(date(2026, 1, 16), time(9))
    story.state(Vouchers).areas[one.number, "2026-01"] = one.area_code
    story.state(Payments).unpaid = [
        Order(
            0,
            "order",
            one,
            one.area_code,
            60,
            500,
            "2026-01",
            begin,
            begin,
            firm=FIRM,
            approved_on=approved_on,
        )
    ]
    payments.pay_firms(story, date(2026, 1, 30))

    assert flows(story, "SU06", "2026-01") == (in_time, 1)


@pytest.mark.parametrize(("day", "in_time"), [(10, 1), (11, 0)])
async def test_cash_is_due_on_the_tenth(story: Story, day: int, in_time: int, flows: Flows) -> None:
    one = story.world.people[0]
    one.hardships = ("DIBAO",)
    story.today = date(2026, 2, 1)
    approved = Approved(3, story.today, story.today, date(2026, 8, 1), story.today)
    levels.approve(story, one, approved)
    entitlements.entitle(story, one)
    cash.pay_cash(story, date(2026, 2, day))

    assert flows(story, "SU06", "2026-02") == (in_time, 1)


async def test_a_complaint_that_is_due_on_another_day_is_found_out(story: Story) -> None:
    one, story.now = story.world.people[0], instant(APPLIED, time(20))
    order = Order(0, "order-0", one, one.area_code, 60, 0, "2026-01", story.now, story.now)

    complaints.record_filed(
        story, order, Receipt.read({"complaint_id": "c", "due_at": "2026-01-23T12:00:00Z"})
    )
    assert story.failures == []
    complaints.record_filed(
        story, order, Receipt.read({"complaint_id": "c", "due_at": "2026-01-30T12:00:00Z"})
    )
    assert len(story.failures) == 1
    assert {complaint.due_at for complaint in story.state(Complaints).open} == {
        instant(date(2026, 1, 23), time(20))
    }


@pytest.mark.parametrize(
    ("numbers", "failures"), [([], 0), ([1, 2], 0), ([2, 1], 0), ([1, 3], 1), ([1, 1], 1), ([2], 1)]
)
async def test_an_offer_that_stands_in_no_feed_is_noticed(
    story: Story, numbers: list[int], failures: int
) -> None:
    one = story.world.people[0]
    story.state(Orders).by_id["order-0"] = Order(
        0, "order-0", one, one.area_code, 60, 0, "2026-01", story.now, story.now, offers=numbers
    )

    offers.check_offers(story)

    assert len(story.failures) == failures
