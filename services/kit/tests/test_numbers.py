"""ID numbers and credit codes."""

import doctest
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.contracts import numbers

DIGITS = st.text("0123456789", min_size=17, max_size=17)


@pytest.mark.parametrize(
    "number",
    [
        "11010519491231002X",
        "440524188001010014",
        "360426199101010071",
        "120103198806018241",
        "341102195001010017",
        "341125194212310028",
        "341181193506150046",
        "34110219450315004X",
    ],
)
def test_a_published_number_is_right(number: str):
    assert numbers.resident(number).number == number


def test_a_wrong_last_character_is_refused():
    with pytest.raises(numbers.WrongCheck):
        numbers.resident("360426199101010072")


def test_a_day_that_does_not_exist_is_refused():
    digits = "34110219500230001"

    with pytest.raises(numbers.NoSuchDay):
        numbers.resident(digits + numbers.resident_check(digits))


def test_sex_and_birth_day_are_read():
    read = numbers.resident("341125194212310028")

    assert (read.born_on, read.male) == (date(1942, 12, 31), False)


@given(digits=DIGITS, place=st.integers(0, 16), by=st.integers(1, 9))
def test_one_changed_digit_never_keeps_the_check_character(digits: str, place: int, by: int):
    changed = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]

    assert numbers.resident_check(changed) != numbers.resident_check(digits)


@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y43",
        "91110000600037341L",
        "52341102MJA0000082",
        "91341181MA2N0001X7",
        "12341100485000016F",
        "91341100MA00002850",
    ],
)
def test_a_published_credit_code_is_right(code: str):
    assert numbers.credit_check(code[:17]) == code[17]
    assert numbers.is_credit_code(code)


@given(
    body=st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8),
    wrong=st.sampled_from("0123456789X"),
)
def test_the_organisation_code_inside_is_checked_too(body: str, wrong: str):
    right = numbers.organisation_check(body)
    for inner in {right, wrong}:
        characters = f"91341100{body}{inner}"
        code = characters + numbers.credit_check(characters)
        assert numbers.is_credit_code(code) is (inner == right)


@given(code=st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17))
def test_every_credit_code_has_a_check_character_of_the_alphabet(code: str):
    assert numbers.credit_check(code) in "0123456789ABCDEFGHJKLMNPQRTUWXY"


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(numbers).failed == 0
