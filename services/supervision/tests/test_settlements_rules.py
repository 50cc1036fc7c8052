"""Detectors, and what must hold for any visit."""

from datetime import timedelta

from eldercare.supervision.v1.api_pb2 import Settlement
from eldercare.supervision.v1.events_pb2 import Doubt as ContractDoubt
from hypothesis import given
from hypothesis import strategies as st

from supervision.settlements.rules.overlap import is_overlapping
from supervision.settlements.rules.verdict import Doubt, State, doubts
from supervision.settlements.rules.visit import Limits, Visit
from supervision.testing import BEGIN

LIMITS = Limits(0.8, 300, 60, 60, 120)
metres = st.one_of(st.none(), st.integers(0, 50_000))
minutes = st.integers(0, 600)


@st.composite
def visits(draw):
    begin = BEGIN + timedelta(minutes=draw(st.integers(0, 600)))
    served = draw(minutes)
    return Visit(
        begin,
        begin + timedelta(minutes=served),
        draw(st.integers(1, 300)),
        served,
        draw(metres),
        draw(metres),
        draw(metres),
        draw(st.one_of(st.none(), minutes)),
        draw(metres),
        draw(st.one_of(st.none(), minutes)),
    )


def an_hour(**given):
    usual = {
        "planned_min": 60,
        "served_min": 60,
        "check_in_m": 10,
        "check_out_m": 10,
        "previous_m": 5000,
        "previous_min": 30,
    }
    return Visit(checked_in_at=BEGIN, checked_out_at=BEGIN + timedelta(hours=1), **(usual | given))


def test_an_honest_hour_raises_no_doubt():
    assert doubts(an_hour(), [], LIMITS) == []


def test_every_doubt_is_found_for_its_own_reason_alone():
    during = [(BEGIN + timedelta(minutes=10), BEGIN + timedelta(minutes=20))]

    assert doubts(an_hour(served_min=47), [], LIMITS) == [Doubt.TOO_SHORT]
    assert doubts(an_hour(check_out_m=301), [], LIMITS) == [Doubt.WRONG_PLACE]
    assert doubts(an_hour(), during, LIMITS) == [Doubt.OVERLAP]
    assert doubts(an_hour(previous_m=40_000), [], LIMITS) == [Doubt.IMPOSSIBLE_TRAVEL]
    assert doubts(an_hour(next_m=40_000, next_min=30), [], LIMITS) == [Doubt.IMPOSSIBLE_TRAVEL]
    assert doubts(an_hour(check_in_m=None), [], LIMITS) == [Doubt.NO_POSITION]
    for far in (-61, 121):
        assert doubts(an_hour(outside_min=far), [], LIMITS) == [Doubt.OUTSIDE_WINDOW]


@given(visits())
def test_doubts_are_sorted_and_never_an_inspectors(visit):
    found = doubts(visit, [], LIMITS)

    assert found == sorted(set(found))
    assert Doubt.INSPECTOR not in found


@given(visits(), visits())
def test_two_visits_overlap_in_both_directions_or_not_at_all(one, other):
    instants_of_one = [(one.checked_in_at, one.checked_out_at)]
    instants_of_other = [(other.checked_in_at, other.checked_out_at)]

    assert is_overlapping(one, instants_of_other) == is_overlapping(other, instants_of_one)


@given(visits(), st.integers(1, 300), st.integers(1, 100))
def test_a_stricter_limit_never_clears_a_visit(visit, place_m, speed_kmh):
    strict = Limits(0.9, place_m, speed_kmh, 60, 120)
    mild = Limits(0.7, place_m + 100, speed_kmh + 20, 90, 150)

    assert set(doubts(visit, [], mild)) <= set(doubts(visit, [], strict))


def test_the_numbers_are_those_of_the_contract():
    assert {f"DOUBT_{doubt.name}": doubt for doubt in Doubt} == {
        name: number for name, number in ContractDoubt.items() if number
    }
    assert {f"STATE_{state.name}": state for state in State} == {
        name: number for name, number in Settlement.State.items() if number
    }
