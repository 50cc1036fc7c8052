"""What singles an elder out is withheld, and cannot be computed from what is not."""

from collections.abc import Iterable

from eldercare.datacenter.v1 import api_pb2 as pb

from datacenter.figures.rules import withhold

TOWN = "341102001000"
VILLAGES = tuple(f"341102001{number:03d}" for number in range(1, 6))
SENSITIVE = {"AS03", "AS03_FEMALE", "AS03_MALE"}


def figures(
    numerators: Iterable[int], code: str = "AS03", denominator: int = 50
) -> list[pb.Figure]:
    return [
        pb.Figure(
            code=code,
            area_code=village,
            month="2026-01",
            value=numerator / denominator,
            numerator=numerator,
            denominator=denominator,
        )
        for village, numerator in zip(VILLAGES, numerators, strict=False)
    ]


def withheld(made: list[pb.Figure]) -> list[bool]:
    return [one.withheld for one in made]


def test_one_or_two_people_are_withheld_and_none_or_three_are_not() -> None:
    made = figures((0, 1, 2, 3, 40))

    withhold(made, (), SENSITIVE, 3)

    assert withheld(made) == [False, True, True, False, False]
    assert [one.numerator for one in made] == [0, 0, 0, 3, 40]
    assert [one.HasField("value") for one in made] == [True, False, False, True, True]


def test_a_share_of_one_or_two_people_is_withheld() -> None:
    made = figures((0, 0), denominator=2)

    withhold(made, (), SENSITIVE, 3)

    assert withheld(made) == [True, True]


def test_the_difference_to_the_whole_does_not_tell_it() -> None:
    made = figures((1, 9, 5, 0))

    withhold(made, (), SENSITIVE, 3)

    assert withheld(made) == [True, False, True, False]


def test_the_areas_beside_the_one_that_is_asked_for_decide_too() -> None:
    """The same area is withheld alone and in the list of its whole."""
    alone, *others = figures((5, 1, 9))

    withhold([alone], others, SENSITIVE, 3)

    assert alone.withheld
    assert withheld(others) == [False, False]


def test_the_sum_of_both_sexes_does_not_tell_it() -> None:
    women, men = figures((30,), "AS03_FEMALE"), figures((2,), "AS03_MALE")
    both = figures((32,))

    withhold([*women, *men, *both], (), SENSITIVE, 3)

    assert withheld([*women, *men, *both]) == [True, True, False]


def test_what_tells_nothing_of_an_elder_stays() -> None:
    made = figures((1, 2), "POP01")

    withhold(made, (), SENSITIVE, 3)

    assert withheld(made) == [False, False]
