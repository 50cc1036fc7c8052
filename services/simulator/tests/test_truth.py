"""The truth's counting, on worlds small enough to count by hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.contracts import areas
from simulator.truth.counting import Truth
from simulator.truth.elders import age_months
from simulator.world.city import Held, World
from simulator.world.days import month_of
from simulator.world.facilities import Facility
from simulator.world.firms import Firm, Worker
from simulator.world.people import Person

TREE = areas.load()
CITY = "341100000000"
VILLAGE, NEIGHBOUR = [
    area.code for area in TREE if area.level == areas.COMMUNITY and area.code.startswith("341102")
][:2]
FAR = next(
    area.code for area in TREE if area.level == areas.COMMUNITY and area.code.startswith("341181")
)
JANUARY, FEBRUARY = "2026-01", "2026-02"
Figures = dict[tuple[str, str], tuple[int, int]]
FiguresOf = Callable[[Truth, str], Figures]
OPERATOR = Firm("52341102MJ0000011A", "operator", "ENTERPRISE", "341102", 118.3, 32.3, False)


def a_level(level: int) -> Held:
    """In force beyond the month."""
    return Held(level, date(2027, 1, 1))


def an_elder(number: int = 0, **but: Any) -> Person:
    return Person(
        **{
            "number": number,
            "name": "王国",
            "id_number": "",
            "male": True,
            "born_on": date(1955, 6, 1),
            "area_code": VILLAGE,
            "lon": 118.3,
            "lat": 32.3,
            "phone": "13800000000",
            "address": "1号",
            "contact_name": "王建",
            "contact_phone": "13900000000",
            "living": "WITH_FAMILY",
            "hardships": (),
            "local_register": True,
            "level": 0,
        }
        | but
    )


def a_worker(**but: Any) -> Worker:
    return Worker(
        **{
            "number": 0,
            "name": "护理员",
            "id_number": "",
            "phone": "",
            "skills": (),
            "caregiver": True,
            "certified_until": None,
            "shift": (480, 1080),
        }
        | but
    )


@pytest.fixture(scope="session")
def figures(figures_of: FiguresOf) -> Callable[..., Figures]:
    """`figures(world)` = every figure of a world as it is at the end of a month."""

    def found(world: World, month: str = JANUARY) -> Figures:
        truth = Truth(TREE)
        truth.close(month, world)
        return figures_of(truth, month)

    return found


def test_the_month_is_that_of_shanghai() -> None:
    assert month_of(datetime(2026, 1, 31, 15, 59, tzinfo=UTC)) == JANUARY
    assert month_of(datetime(2026, 1, 31, 16, 0, tzinfo=UTC)) == FEBRUARY
    assert month_of(date(2026, 2, 1)) == FEBRUARY


@pytest.mark.parametrize(
    ("born_on", "month", "years"),
    [
        (date(1946, 1, 1), "2026-01", 80),
        (date(1946, 1, 31), "2026-01", 80),
        (date(1946, 2, 1), "2026-01", 79),
        (date(1946, 2, 28), "2026-02", 80),
        (date(1944, 2, 29), "2026-02", 82),
        (date(1946, 12, 31), "2026-12", 80),
    ],
)
def test_a_birthday_in_the_month_counts_by_its_end(born_on: date, month: str, years: int) -> None:
    assert age_months(born_on, month) // 12 == years


def test_the_dead_and_the_departed_are_in_no_stock(figures: Callable[..., Figures]) -> None:
    there = an_elder(0, living="ALONE", hardships=("DIBAO",))
    gone = an_elder(1, living="ALONE", hardships=("DIBAO",), alive=False)
    found = figures(
        World(
            people=[there, gone],
            levels={0: a_level(3), 1: a_level(3)},
            cash={0},
            vouchers={(0, JANUARY), (1, JANUARY)},
        )
    )

    for code in ("POP05", "AS01", "AS02", "AS03", "SU02", "SU04"):
        assert found[code, CITY] == (1, 1), code
    assert found["POP01", CITY] == (1, 0)
    assert found["POP07", CITY] == (1, 0)


def test_special_hardship_counts_each_person_once(figures: Callable[..., Figures]) -> None:
    people = [
        an_elder(0, living="ALONE", hardships=("SEVERELY_HANDICAPPED",)),
        an_elder(1, living="LEFT_BEHIND"),
        an_elder(2),
        an_elder(3, hardships=("PLANNED_FAMILY_SPECIAL",)),
        an_elder(4),
        an_elder(5, hardships=("DIBAO",)),
    ]
    found = figures(World(people=people, levels={0: a_level(4), 4: a_level(2), 5: a_level(1)}))

    assert found["POP07", CITY] == (4, 0)
    assert found["POP05", CITY] == (1, 6)


def test_a_voucher_counts_in_its_own_month_alone(figures: Callable[..., Figures]) -> None:
    world = World(people=[an_elder(0)], levels={0: a_level(2)}, vouchers={(0, JANUARY)})

    assert figures(world, JANUARY)["SU04", CITY] == (1, 1)
    assert figures(world, FEBRUARY)["SU04", CITY] == (0, 1)


def test_a_mild_level_is_a_result_and_gives_cash_to_the_poor_but_no_voucher(
    figures: Callable[..., Figures],
) -> None:
    found = figures(World(people=[an_elder(0, hardships=("TEKUN",))], levels={0: a_level(1)}))

    assert (found["AS01", CITY], found["AS03", CITY]) == ((1, 1), (0, 1))
    assert ("SU04", CITY) not in found
    assert found["SU02", CITY] == (0, 1)


def test_who_is_poor_and_not_assessed_stands_beside_the_coverage_of_the_subsidy(
    figures: Callable[..., Figures],
) -> None:
    people = [
        an_elder(0, hardships=("DIBAO",)),
        an_elder(1, hardships=("LOW_INCOME", "TEKUN")),
        an_elder(2, hardships=("LOW_INCOME",)),
        an_elder(3),
    ]
    found = figures(World(people=people, levels={0: a_level(3)}, cash={0}))

    assert found["SU02", CITY] == (1, 1)
    assert found["SU02_UNASSESSED", CITY] == (2, 3)


def test_places_count_beds_and_coverage_until_they_close(figures: Callable[..., Figures]) -> None:
    town = Facility(OPERATOR, NEIGHBOUR, "complex", "TOWN", "CONTRACTED", 6, 4)
    county = Facility(OPERATOR, VILLAGE, "house", "COUNTY", "PUBLIC", 20, 14)
    world = World(people=[an_elder(0), an_elder(1)], facilities=[town, county], stays={0: county})
    villages = sum(area.level == areas.COMMUNITY for area in TREE)
    seats = {"341122100000", "341124100000", "341125100000", "341126100000"}
    streets = sum(area.type == "街道" or area.code in seats for area in TREE)
    assert 0 < streets < sum(area.level == areas.TOWNSHIP for area in TREE)

    found = figures(world)
    assert found["FA02", CITY] == (2, villages)
    assert found["FA06", CITY] == (1, streets)
    assert (found["FA07", CITY], found["FA08", CITY], found["FA09", CITY], found["FA11", CITY]) == (
        (26, 2),
        (18, 26),
        (1, 26),
        (6, 26),
    )

    town.closed = True
    found = figures(world)
    assert (found["FA02", CITY], found["FA06", CITY]) == ((1, villages), (0, streets))
    assert (found["FA07", CITY], found["FA09", CITY], found["FA11", CITY]) == (
        (20, 2),
        (1, 20),
        (0, 20),
    )


def test_streets_are_covered_by_complexes_alone_and_have_no_figure_below(
    figures: Callable[..., Figures],
) -> None:
    found = figures(
        World(facilities=[Facility(OPERATOR, VILLAGE, "station", "VILLAGE", "PUBLIC", 0, 0)])
    )

    assert found["FA06", CITY][0] == 0
    assert ("FA06", VILLAGE) not in found


@pytest.mark.parametrize(
    ("until", "month", "lasts"),
    [
        (date(2026, 1, 31), JANUARY, 1),
        (date(2026, 1, 30), JANUARY, 0),
        (date(2026, 2, 28), FEBRUARY, 1),
        (date(2026, 2, 27), FEBRUARY, 0),
        (date(2026, 12, 31), "2026-12", 1),
        (date(2026, 12, 30), "2026-12", 0),
        (None, JANUARY, 0),
    ],
)
def test_a_certificate_holds_if_it_lasts_to_the_end_of_the_month(
    until: date | None, month: str, lasts: int, figures: Callable[..., Figures]
) -> None:
    world = World(
        workers=[
            (a_worker(certified_until=until), "341102000000"),
            (a_worker(caregiver=False), "341102000000"),
        ]
    )

    assert figures(world, month)["ST02", "341102000000"] == (lasts, 1)


def test_flows_stay_in_their_month_and_roll_up_to_every_area_above(figures_of: FiguresOf) -> None:
    truth = Truth(TREE)
    truth.count("ORDERS", JANUARY, VILLAGE)
    truth.count("ORDERS_FINISHED", JANUARY, VILLAGE)
    truth.count("ORDERS", JANUARY, FAR)
    truth.count("ORDERS", FEBRUARY, VILLAGE)
    truth.close(JANUARY, World())
    truth.close(FEBRUARY, World())

    found = {
        month: {
            area: pair for (code, area), pair in figures_of(truth, month).items() if code == "DI03"
        }
        for month in truth.months()
    }
    assert found[JANUARY][CITY] == (1, 2)
    assert (
        found[JANUARY]["341102000000"]
        == found[JANUARY][areas.at(VILLAGE, areas.TOWNSHIP)]
        == found[JANUARY][VILLAGE]
        == (1, 1)
    )
    assert found[JANUARY]["341181000000"] == (0, 1)
    assert found[FEBRUARY][CITY] == (0, 1)


def test_a_closed_month_keeps_its_stock_when_the_world_changes(figures_of: FiguresOf) -> None:
    truth, world = Truth(TREE), World(people=[an_elder(0), an_elder(1)])
    truth.close(JANUARY, world)
    world.people[0].alive = False
    truth.close(FEBRUARY, world)

    def elders(month: str) -> int:
        return figures_of(truth, month)["POP01", CITY][0]

    assert (elders(JANUARY), elders(FEBRUARY)) == (2, 1)


@pytest.mark.parametrize(
    ("died_on", "alive", "staying"),
    [
        (date(2026, 1, 30), [0, 0], [0, 0]),
        (date(2026, 1, 31), [0, 0], [1, 0]),
        (date(2026, 2, 1), [1, 0], [1, 0]),
        (date(2026, 3, 1), [1, 1], [1, 1]),
    ],
)
def test_a_death_that_is_known_late_restates_the_months_since(
    figures_of: FiguresOf, died_on: date, alive: list[int], staying: list[int]
) -> None:
    truth, world = Truth(TREE), World(people=[an_elder(0)])
    world.stays[0] = Facility(OPERATOR, VILLAGE, "house", "COUNTY", "PUBLIC", 20, 14)
    truth.close(JANUARY, world)
    truth.close(FEBRUARY, world)

    for ended in truth.ended_since(died_on):
        ended.record_death(0, died_on)

    found = [figures_of(truth, month) for month in (JANUARY, FEBRUARY)]
    assert [one.get(("POP01", CITY), (0, 0))[0] for one in found] == alive
    assert [one.get(("FA09", CITY), (0, 0))[0] for one in found] == staying


CODES = st.sampled_from([VILLAGE, NEIGHBOUR, FAR, "341102000000"])


@settings(max_examples=25)  # each closes a month over all 1 258 villages
@given(facts=st.lists(st.tuples(CODES, st.integers(0, 5), st.integers(0, 5)), max_size=30))
def test_the_city_is_the_sum_of_its_counties(
    figures_of: FiguresOf, facts: list[tuple[str, int, int]]
) -> None:
    truth = Truth(TREE)
    for area, numerator, denominator in facts:
        truth.count("CAPTURED_FEN", JANUARY, area, numerator)
        truth.count("ISSUED_FEN", JANUARY, area, denominator)
    truth.close(JANUARY, World())
    found = {
        area: pair for (code, area), pair in figures_of(truth, JANUARY).items() if code == "SU05"
    }
    counties = [pair for area, pair in found.items() if areas.level(area) == areas.COUNTY]

    assert found.get(CITY, (0, 0)) == (
        sum(one for one, _ in counties),
        sum(two for _, two in counties),
    )
    assert found.get(CITY, (0, 0)) == (
        sum(one for _, one, _ in facts),
        sum(two for _, _, two in facts),
    )
