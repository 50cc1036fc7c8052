"""What levels, hardships and policies give by days: ends, waits, other levels, versions."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from simulator import norms
from simulator.client import Gateway
from simulator.story import applications, clock, entitlements, grounds, levels, vouchers
from simulator.story.applications import Applications
from simulator.story.cash import Cashes
from simulator.story.levels import Approved, Levels
from simulator.story.story import Story
from simulator.world.days import instant, month_of
from simulator.world.geography import Geography
from simulator.world.people import Person

GEOGRAPHY = Geography(1)
FEBRUARY, JULY = date(2026, 2, 1), date(2026, 7, 20)


@pytest.fixture
async def story() -> Any:
    gateway = Gateway("http://127.0.0.1:9", client_id="simulator", secret="none", seed=1)
    yield Story(gateway, 600, 1, GEOGRAPHY)
    await gateway.close()


def poor(story: Story) -> Person:
    """Somebody poor whose level 3 was assessed on 20 January."""
    one = story.world.people[0]
    one.hardships = ("DIBAO",)
    pass_to(story, date(2026, 1, 28))
    approve(story, one, 3, date(2026, 1, 20))
    return one


def approve(story: Story, one: Person, level: int, assessed_on: date) -> None:
    """Another level, approved today; it was asked for when the last one was about to end."""
    asked_on = story.state(Levels).asked_on.get(one.number, assessed_on)
    until = norms.valid_to(assessed_on)
    levels.approve(story, one, Approved(level, asked_on, assessed_on, until, story.today))
    entitlements.entitle(story, one)


def pass_to(story: Story, day: date) -> None:
    """The platform's clock moves on, day by day."""
    while story.today < day:
        before = story.now
        story.today += timedelta(days=1)
        story.now = instant(story.today, time(8, 30))
        clock._catch_up(story, before)


def paid(story: Story, one: Person) -> dict[str, int]:
    """What was paid for each month, yuan."""
    found: dict[str, int] = {}
    for cash in story.state(Cashes).paid[one.number]:
        found[cash.month] = found.get(cash.month, 0) + cash.fen // 100
    return found


async def test_another_level_is_asked_for_sixty_days_before_one_ends(story: Story) -> None:
    one = poor(story)

    pass_to(story, JULY - timedelta(days=61))
    assert story.state(Applications).cases == []
    pass_to(story, JULY - timedelta(days=60))
    [case] = story.state(Applications).cases
    assert (case.person, case.routine, case.applied_on) == (one, True, story.today)

    pass_to(story, JULY)
    assert len(story.state(Applications).cases) == 1, "it is asked for once"


async def test_a_level_that_ends_while_another_is_asked_for_rests_and_is_paid_then(
    story: Story,
) -> None:
    one = poor(story)
    pass_to(story, date(2026, 9, 5))
    assert one.number in story.world.cash, "it rests"
    assert one.number not in story.world.levels
    assert list(paid(story, one)) == [f"2026-0{month}" for month in range(1, 8)]

    pass_to(story, date(2026, 9, 15))
    approve(story, one, 3, date(2026, 9, 6))

    assert paid(story, one)["2026-08"] == paid(story, one)["2026-09"] == 200
    assert (one.number, "2026-08") in story.world.vouchers


async def test_a_level_that_ends_while_nothing_is_asked_for_is_not_paid_for_afterwards(
    story: Story,
) -> None:
    one = poor(story)
    pass_to(story, date(2026, 6, 1))
    story.state(Applications).cases.clear()
    del story.state(Levels).asked_on[one.number]
    pass_to(story, date(2026, 9, 15))
    assert one.number not in story.world.cash

    approve(story, one, 3, date(2026, 9, 6))

    assert "2026-08" not in paid(story, one)
    assert (one.number, "2026-08") not in story.world.vouchers
    assert paid(story, one)["2026-09"] == 200


@pytest.mark.parametrize(("level", "may", "june"), [(4, 180, 280), (1, 180, 200)])
async def test_a_better_level_counts_from_its_assessment_and_a_worse_one_from_its_approval(
    story: Story, level: int, may: int, june: int
) -> None:
    one = poor(story)
    pass_to(story, date(2026, 6, 12))
    assert paid(story, one)["2026-06"] == 200

    approve(story, one, level, date(2026, 5, 31))

    assert (paid(story, one)["2026-05"], paid(story, one)["2026-06"]) == (may, june)


async def test_each_month_is_of_the_version_that_is_in_force(story: Story) -> None:
    one = poor(story)
    pass_to(story, date(2026, 6, 10))

    assert paid(story, one) == {f"2026-0{month}": 180 for month in range(1, 6)} | {"2026-06": 200}
    given = [grounds.voucher_due(story, one, f"2026-0{month}") for month in range(4, 7)]
    assert [due and due.fen for due in given] == [80_000, 64_000, 64_000]


async def test_no_voucher_is_issued_ahead_for_a_month_that_a_level_does_not_reach(
    story: Story,
) -> None:
    one = poor(story)
    pass_to(story, date(2026, 7, 19))

    vouchers.give(story, one, "2026-08")

    assert (one.number, "2026-08") not in story.world.vouchers
    assert (one.number, "2026-07") in story.world.vouchers


async def test_who_is_dead_gets_the_month_of_the_death_and_no_more(story: Story) -> None:
    one = poor(story)
    pass_to(story, date(2026, 3, 9))
    one.died_on = date(2026, 3, 8)
    entitlements.end_all(story, one)
    pass_to(story, date(2026, 4, 12))

    assert max(paid(story, one)) == "2026-03"
    assert max(month for number, month in story.world.vouchers) == month_of(one.died_on)


async def test_a_level_is_asked_for_again_once_a_death_turns_out_to_be_none(story: Story) -> None:
    one = poor(story)
    one.alive = False
    pass_to(story, JULY - timedelta(days=50))
    one.alive = True
    applications.open_routine(story)
    assert story.state(Applications).cases == [], "it was looked for while the elder was gone"

    applications.expect_again(story, one)
    applications.open_routine(story)

    assert [case.person for case in story.state(Applications).cases] == [one]
