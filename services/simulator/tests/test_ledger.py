"""Where the story knows its money to be, and what the comparison says of a ledger that has it
elsewhere.
"""

from datetime import date, time, timedelta
from typing import Any

import pytest

from simulator import norms
from simulator.client import Gateway
from simulator.compare import AT_THE_END, Balance, Comparison, compare_ledger
from simulator.story import clock, entitlements, levels, life_events, payments, vouchers
from simulator.story.levels import Approved
from simulator.story.orders import Orders
from simulator.story.story import Story
from simulator.truth.ledger import ACCOUNTS, Ledger
from simulator.world.days import instant
from simulator.world.firms import Firm
from simulator.world.geography import COUNTIES, WHOLE_CITY, Geography
from simulator.world.orders import Order
from simulator.world.people import Person

GEOGRAPHY = Geography(1)
FIRM = Firm(
    "52341102MJ0000011A", "firm", "ENTERPRISE", "341102", 118.3, 32.3, True, organisation_id="firm"
)
FRIDAY = date(2026, 1, 23)


@pytest.fixture
async def story() -> Any:
    gateway = Gateway("http://127.0.0.1:9", client_id="simulator", secret="none", seed=1)
    made = Story(gateway, 600, 1, GEOGRAPHY)
    one = made.world.people[0]
    one.hardships = ()
    approve(made, one, 3)
    entitlements.entitle(made, one)
    yield made
    await gateway.close()


def approve(story: Story, one: Person, level: int, assessed_on: date | None = None) -> None:
    """A level that is approved today."""
    first = assessed_on or story.today
    level_found = Approved(level, first, first, norms.valid_to(first), story.today)
    levels.approve(story, one, level_found)


def an_order(story: Story, number: int = 0, fen: int = 3000) -> Order:
    """An order of the first elder, its part of the voucher held."""
    one, begin = story.world.people[0], instant(date(2026, 1, 20), time(9))
    order = Order(
        number,
        f"order-{number}",
        one,
        one.area_code,
        60,
        fen,
        "2026-01",
        begin,
        begin + timedelta(hours=2),
        firm=FIRM,
    )
    story.state(Orders).add(order)
    vouchers.hold(story, order.voucher, fen)
    return order


def pass_to(story: Story, day: date, at: time) -> None:
    before, story.today, story.now = story.now, day, instant(day, at)
    clock._catch_up(story, before)


def sums(story: Story) -> dict[str, int]:
    """Accounts of the first elder's county that are not empty."""
    county = story.world.people[0].area_code[:6]
    return {
        account: fen
        for account, area, fen in story.truth.ledger.balances()
        if fen and area.startswith(county)
    }


async def test_a_served_visit_is_owed_until_friday_and_then_paid(story: Story) -> None:
    order = an_order(story)
    assert sums(story) == {"fund": -80_000, "issued": 77_000, "held": 3000}

    story.state(Orders).open.clear()
    payments.capture(story, order)
    assert sums(story) == {"fund": -80_000, "issued": 77_000, "owed": 3000}

    pass_to(story, FRIDAY, time(16))
    assert sums(story) == {"fund": -80_000, "issued": 77_000, "paid": 3000}


async def test_what_is_free_when_the_month_ends_is_gone_and_so_is_what_an_order_gives_back(
    story: Story,
) -> None:
    order = an_order(story)
    pass_to(story, date(2026, 2, 1), time(8, 30))

    assert order.state == "unserved"
    assert sums(story) == {"fund": -160_000, "issued": 80_000, "lapsed": 80_000}


async def test_what_is_released_after_the_month_is_gone_at_once(story: Story) -> None:
    order = an_order(story)
    order.state = "arrived"
    pass_to(story, date(2026, 2, 1), time(8, 30))
    assert sums(story) == {"fund": -160_000, "issued": 80_000, "held": 3000, "lapsed": 77_000}

    vouchers.give_back(story, order)
    assert sums(story) == {"fund": -160_000, "issued": 80_000, "lapsed": 80_000}


async def test_a_death_ends_the_voucher_and_claims_back_what_was_paid_for_later_months(
    story: Story,
) -> None:
    one = story.world.people[0]
    one.hardships = ("DIBAO",)
    entitlements.entitle(story, one)
    pass_to(story, date(2026, 2, 10), time(8, 30))
    assert sums(story)["paid"] == 36_000  # January as arrears, since its pay day had passed

    life_events.record_death(story, one, date(2026, 1, 31))
    assert sums(story) == {
        "fund": -196_000,
        "lapsed": 160_000,
        "paid": 18_000,
        "claims": 18_000,
    }


def balances_of(ledger: Ledger, **but: int) -> dict[str, Balance]:
    """What a platform that moved the same would answer; but: fen by which accounts of the first
    county are wrong.
    """
    areas: dict[str, dict[str, int]] = {}
    for account, area, fen in ledger.balances():
        fen += but.get(account, 0) if area.startswith(COUNTIES[0]) else 0
        for one in (area, WHOLE_CITY):
            areas.setdefault(one, dict.fromkeys(ACCOUNTS, 0))[account] += fen
    return {area: Balance.read(document(accounts)) for area, accounts in areas.items()}


def document(accounts: dict[str, int]) -> dict[str, Any]:
    """A balance as the platform answers it."""
    rows = [
        {"account": account, "debit_fen": str(max(0, fen)), "credit_fen": str(max(0, -fen))}
        for account, fen in accounts.items()
    ]
    sums = {side: str(sum(int(row[side]) for row in rows)) for side in ("debit_fen", "credit_fen")}
    return {"accounts": rows} | sums


def test_the_same_money_on_the_same_accounts_makes_no_difference() -> None:
    ledger, result = Ledger(), Comparison()
    ledger.move(f"{COUNTIES[0]}001001", "fund", "issued", 80_000)

    compare_ledger(result, ledger, balances_of(ledger))

    assert (result.compared, result.differences) == (len(ACCOUNTS) * (1 + len(COUNTIES)), [])
    assert result.city["ledger: fund, fen", AT_THE_END] == ((-80_000, 0), (-80_000, 0))


@pytest.mark.parametrize(
    ("source", "target"),
    [("issued", "lapsed"), ("owed", "paid"), ("paid", "claims"), ("held", "issued")],
)
def test_money_that_stayed_on_its_account_is_a_difference_of_county_and_city(
    source: str, target: str
) -> None:
    ledger, result = Ledger(), Comparison()
    ledger.move(f"{COUNTIES[0]}001001", source, target, 500)

    compare_ledger(result, ledger, balances_of(ledger, **{source: 500, target: -500}))

    assert {(one.code, one.area_code) for one in result.differences} == {
        (f"ledger: {account}, fen", area)
        for account in (source, target)
        for area in (WHOLE_CITY, f"{COUNTIES[0]}000000")
    }


def test_money_in_the_wrong_county_is_a_difference() -> None:
    ledger, other, result = Ledger(), Ledger(), Comparison()
    ledger.move(f"{COUNTIES[0]}001001", "fund", "issued", 100)
    other.move(f"{COUNTIES[1]}001001", "fund", "issued", 100)

    compare_ledger(result, ledger, balances_of(other))

    assert {one.area_code for one in result.differences} == {
        f"{COUNTIES[0]}000000",
        f"{COUNTIES[1]}000000",
    }


def test_an_empty_ledger_is_a_difference_for_every_account_that_moved() -> None:
    ledger, result = Ledger(), Comparison()
    ledger.move(f"{COUNTIES[0]}001001", "fund", "issued", 100)

    compare_ledger(result, ledger, {})

    assert len(result.differences) == 4


async def test_money_is_never_made_nor_lost(story: Story) -> None:
    payments.capture(story, an_order(story))
    pass_to(story, date(2026, 2, 14), time(20))

    assert sum(fen for _, _, fen in story.truth.ledger.balances()) == 0


async def test_what_was_missed_before_a_level_was_known_is_given_then(story: Story) -> None:
    one = story.world.people[1]
    one.hardships = ("DIBAO",)
    pass_to(story, date(2026, 2, 12), time(8, 30))
    before = sums(story)

    approve(story, one, 3, date(2026, 1, 29))
    entitlements.entitle(story, one)

    given = {name: fen - before.get(name, 0) for name, fen in sums(story).items()}
    assert (given["issued"], given["paid"]) == (160_000, 36_000)
    order = vouchers.best(story, one.number, "2026-02", 3000)
    assert order == (one.number, "2026-01"), "the older one lapses no later, so it is used first"
    pass_to(story, date(2026, 3, 1), time(8, 30))
    assert sums(story)["issued"] == 160_000, "the vouchers of March: both older ones have lapsed"
