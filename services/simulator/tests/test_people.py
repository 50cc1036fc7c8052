"""The population: as many in each cell as the census says, with numbers that nobody has."""

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.contracts import areas, numbers
from simulator.world.days import START
from simulator.world.geography import COUNTIES, Geography, census, shares
from simulator.world.identifiers import NOWHERE, credit_code
from simulator.world.people import BANDS, Person, population

ELDERS = 100_000
WEIGHTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=40).filter(any)


@pytest.fixture(scope="module")
def geography() -> Geography:
    return Geography(1)


@pytest.fixture(scope="module")
def people(geography: Geography) -> list[Person]:
    return population(ELDERS, 1, START, geography)


@given(total=st.integers(0, 1_000_000), weights=WEIGHTS)
def test_shares_sum_to_the_whole_and_no_part_is_off_by_one(total: int, weights: list[int]) -> None:
    parts = shares(total, weights)

    assert sum(parts) == total
    assert all(
        abs(part - total * weight / sum(weights)) < 1
        for part, weight in zip(parts, weights, strict=True)
    )


@given(total=st.integers(0, 1_000_000), weights=WEIGHTS)
def test_a_greater_weight_never_gets_a_smaller_share(total: int, weights: list[int]) -> None:
    ordered = sorted(zip(weights, shares(total, weights), strict=True))

    assert all(one <= other for (weight, one), (more, other) in pairwise(ordered) if weight < more)


def test_every_cell_has_the_number_of_the_census(people: list[Person]) -> None:
    counted = census()
    cells = [
        (county, band, male) for county in COUNTIES for band in BANDS for male in (True, False)
    ]
    census_of = {
        cell: counted[cell[0]][f"{'male' if cell[2] else 'female'}_{cell[1]}"] for cell in cells
    }
    whole = sum(census_of.values())

    def band(one: Person) -> int:
        years = (START - one.born_on).days / 365.25
        return max(first for first in BANDS if first <= years)

    found = Counter((one.area_code[:6], band(one), one.male) for one in people)
    assert sum(found.values()) == ELDERS
    assert all(abs(found[cell] - ELDERS * count / whole) < 1 for cell, count in census_of.items())


def test_the_same_seed_gives_the_same_people(geography: Geography) -> None:
    assert population(500, 7, START, geography) == population(500, 7, START, geography)
    assert population(500, 7, START, geography) != population(500, 8, START, geography)


def test_id_numbers_are_well_formed_and_nobody_shares_one(people: list[Person]) -> None:
    assert len({one.id_number for one in people}) == ELDERS
    for one in people[::37]:
        read = numbers.resident(
            one.id_number
        )  # raises where the check character or the day is wrong
        assert (read.born_on, read.male) == (one.born_on, one.male)


def test_no_id_number_is_of_a_real_county(people: list[Person], geography: Geography) -> None:
    assert {one.id_number[:6] for one in people} == {NOWHERE}
    assert f"{NOWHERE}000000" not in {area.code for area in geography.tree}


def test_the_check_character_is_the_standards_own() -> None:
    """Recomputed from GB 11643-1999: weights 2^(18-i) mod 11, and the table of remainders."""
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    one = population(50, 3, START, Geography(3))[0].id_number

    assert (
        one[17]
        == "10X98765432"[
            sum(int(digit) * weight for digit, weight in zip(one[:17], weights, strict=True)) % 11
        ]
    )


def test_everybody_lives_in_a_village_of_the_own_county_and_is_old_enough(
    people: list[Person], geography: Geography
) -> None:
    villages = {area.code for area in geography.tree if area.level == areas.COMMUNITY}

    assert {one.area_code for one in people} <= villages
    assert all(
        START.replace(year=START.year - 60) >= one.born_on > date(1900, 1, 1) for one in people
    )


def test_phones_are_as_many_as_people_who_have_one(people: list[Person]) -> None:
    phones = [phone for one in people for phone in (one.phone, one.contact_phone) if phone]

    assert len(set(phones)) == len(phones)
    assert all(len(phone) == 11 for phone in phones[::101])


def test_credit_codes_pass_their_own_check() -> None:
    codes = [
        credit_code(kind, county, number)
        for kind in ("12", "52", "91")
        for county in COUNTIES
        for number in range(20)
    ]

    assert len(set(codes)) == len(codes)
    assert all(numbers.is_credit_code(code) for code in codes)
