"""Each measure has one truth, found in the module of its aggregate; figures follow from them."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from kit.contracts import areas
from simulator.compare import Comparison, Difference, compare_month
from simulator.truth.applications import Applied
from simulator.truth.counting import Truth
from simulator.truth.figures import Definition, NoTruth
from simulator.truth.measures import Counts, Fact, MonthEnd, flow, stock
from simulator.truth.orders import OrderEnded, OrderPlaced
from simulator.truth.payments import CashPaid
from simulator.world.city import World

TREE = areas.load()
VILLAGE = next(area.code for area in TREE if area.level == areas.COMMUNITY)
CITY, JANUARY = "341100000000", "2026-01"


def nothing(_: MonthEnd | Fact) -> Counts:
    yield from ()


@pytest.mark.parametrize("measure", ["ALIVE", "ALIVE_FEMALE", "COMPLAINTS"])
def test_a_measure_has_one_truth(measure: str) -> None:
    Truth(TREE)

    with pytest.raises(ValueError, match=measure):
        stock(measure)(nothing)
    with pytest.raises(ValueError, match=measure):
        flow(measure)(nothing)


def test_every_figure_of_the_catalogue_has_its_truth(definitions: list[Definition]) -> None:
    counted = Truth(TREE)
    counted.close(JANUARY, World())

    for one in definitions:
        assert not any(numerator for numerator, _ in counted.figure(JANUARY, one).values())
    with pytest.raises(NoTruth, match="POP99: no truth of DREAMS"):
        counted.figure(JANUARY, Definition("POP99", "ALIVE", "DREAMS"))


def test_a_figure_without_a_truth_is_a_difference_that_names_its_measure() -> None:
    counted, comparison = Truth(TREE), Comparison()
    counted.record(Applied(date(2026, 1, 20), VILLAGE, "HOTLINE"))
    counted.close(JANUARY, World())
    figures = [
        Definition("DC99", "APPLICATIONS_HOTLINE", "APPLICATIONS"),
        Definition("POP99", "DREAMS"),
    ]
    board = {
        ("DC99", areas.at(VILLAGE, level)): (1, 1) for level in range(areas.CITY, areas.COMMUNITY)
    }

    compare_month(comparison, JANUARY, counted, figures, board, date.max)

    assert comparison.compared == 5
    assert comparison.differences == [
        Difference("POP99: no truth of DREAMS", JANUARY, CITY, (0, 0), (0, 0)),
        Difference("DC99", JANUARY, VILLAGE, (1, 1), (0, 0)),
    ]


def test_a_figure_of_presence_is_of_all_areas_of_its_level() -> None:
    counted, world = Truth(TREE), World()
    counted.close(JANUARY, world)
    counties = [area.code for area in TREE if area.level == areas.COUNTY]
    counted.count("COMPLAINTS", JANUARY, VILLAGE)

    found = counted.figure(JANUARY, Definition("DI99", "COMPLAINTS", level=areas.COUNTY))

    assert found[CITY] == (1, len(counties))
    assert found.keys() == {CITY, *counties}


def test_one_fact_reaches_every_figure_and_account_that_follows_from_it(
    figures_of: Callable[[Truth, str], dict[tuple[str, str], tuple[int, int]]],
) -> None:
    counted = Truth(TREE)
    counted.record(CashPaid(date(2026, 1, 10), JANUARY, VILLAGE, 10_000, in_time=True))
    counted.record(Applied(date(2026, 1, 20), VILLAGE, "HOTLINE"))
    counted.close(JANUARY, World())

    found = {
        code: pair for (code, area), pair in figures_of(counted, JANUARY).items() if area == CITY
    }
    assert (found["SU06"], found["SU07"]) == ((1, 1), (0, 10_000))
    assert (found["AS04"], found["DC02"], found["DC02_HOTLINE"]) == ((0, 1), (0, 1), (1, 1))
    assert [row for row in counted.ledger.balances() if row[2]] == [
        ("fund", f"{VILLAGE[:6]}000000", -10_000),
        ("paid", f"{VILLAGE[:6]}000000", 10_000),
    ]


@pytest.mark.parametrize(
    ("ended", "today", "counted"),
    [
        (False, date(2026, 1, 20), (0, 0)),
        (False, date(2026, 1, 21), (0, 1)),
        (True, date(2026, 1, 10), (0, 1)),
        (True, date(2026, 1, 21), (0, 1)),
    ],
)
def test_what_can_still_be_done_in_time_does_not_count(
    ended: bool, today: date, counted: tuple[int, int]
) -> None:
    truth, wanted_to = Truth(TREE), datetime(2026, 1, 20, 15, 59, tzinfo=UTC)
    truth.record(OrderPlaced(JANUARY, VILLAGE, wanted_to))
    if ended:
        truth.record(OrderEnded(JANUARY, VILLAGE, wanted_to))
    truth.close(JANUARY, World())

    found = truth.figure(JANUARY, Definition("DI03", "ORDERS_FINISHED", "ORDERS"), today)
    assert found.get(CITY, (0, 0)) == counted
