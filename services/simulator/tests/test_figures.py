"""Each figure has one truth, found in the module of its aggregate."""

from datetime import date

import pytest

from kit.contracts import areas
from simulator.truth.applications import Applied
from simulator.truth.counting import Truth
from simulator.truth.figures import Counts, Fact, MonthEnd, flow, stock
from simulator.truth.payments import CashPaid
from simulator.world.city import World

TREE = areas.load()
VILLAGE = next(area.code for area in TREE if area.level == areas.COMMUNITY)
CITY, JANUARY = "341100000000", "2026-01"


def nothing(_: MonthEnd | Fact) -> Counts:
    yield from ()


@pytest.mark.parametrize("code", ["POP01", "DI06"])
def test_a_figure_has_one_truth(code: str) -> None:
    Truth(TREE)

    with pytest.raises(ValueError, match=code):
        stock(code)(nothing)
    with pytest.raises(ValueError, match=code):
        flow(code)(nothing)


def test_one_fact_reaches_every_figure_and_account_that_follows_from_it() -> None:
    counted = Truth(TREE)
    counted.record(CashPaid(date(2026, 1, 10), VILLAGE, 10_000))
    counted.record(Applied(JANUARY, VILLAGE, "HOTLINE"))
    counted.close(JANUARY, World())

    found = {
        code: (numerator, denominator)
        for code, area, numerator, denominator in counted.figures(JANUARY)
        if area == CITY
    }
    assert (found["SU06"], found["SU07"]) == ((1, 1), (0, 10_000))
    assert (found["AS04"], found["DC02"], found["DC02_HOTLINE"]) == ((0, 1), (0, 1), (1, 1))
    assert [row for row in counted.ledger.balances() if row[2]] == [
        ("fund", f"{VILLAGE[:6]}000000", -10_000),
        ("paid", f"{VILLAGE[:6]}000000", 10_000),
    ]
