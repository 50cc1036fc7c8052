"""Which days and instants the platform takes."""

from datetime import date

import pytest
from eldercare.assessment.v1 import api_pb2 as assessment
from eldercare.datacenter.v1 import api_pb2 as datacenter
from eldercare.dispatch.v1 import api_pb2 as dispatch
from eldercare.facility.v1 import api_pb2 as facility
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from kit.contracts import days

TODAY = date(2026, 3, 2)
TODAY_S = 1_772_409_600  # its first second, UTC


def broken(request: Message) -> list[tuple[str, str]]:
    """Field and rule, as a caller of English reads them."""
    return [(field, str(rule)) for field, rule in days.out_of_bounds(request, TODAY)]


@pytest.mark.parametrize("day", ["1976-03-01", "2026-03-02", "2076-03-02", "9999-12-31", ""])
def test_a_day_within_reach_and_one_that_never_comes_are_taken(day: str) -> None:
    assert broken(facility.RegisterWorker(certified_until=day)) == []


@pytest.mark.parametrize(
    "day", ["0000-01-01", "0001-01-01", "1976-02-29", "2076-03-03", "2199-12-31", "9999-12-30"]
)
def test_a_day_outside_is_named_with_its_rule(day: str) -> None:
    rule = "lies from 1976-03-01 to 2076-03-02, or is 9999-12-31 for no end"

    assert broken(facility.ChangeWorker(certified_until=day)) == [("certified_until", rule)]


@pytest.mark.parametrize("day", ["1906-02-28", "2026-03-03", "9999-12-31"])
def test_what_has_happened_lies_within_a_life_and_not_after_today(day: str) -> None:
    rule = "lies from 1906-03-02 to 2026-03-02"

    assert broken(assessment.ReportElderDeath(died_on=day)) == [("died_on", rule)]
    assert broken(assessment.ReportElderDeath(died_on="2026-03-02")) == []


def test_a_day_that_the_calendar_does_not_have_is_named() -> None:
    rule = [("died_on", "the calendar does not have it")]

    assert broken(assessment.ReportElderDeath(died_on="2026-02-30")) == rule
    assert broken(datacenter.ListFigures(month_from="2026-13")) == [("month_from", rule[0][1])]


def test_questions_have_the_bounds_of_what_can_be_kept() -> None:
    rule = "lies from 1900-01-01 to 2199-12-31"

    assert broken(datacenter.ListFigures(month_from="1900-01", month_to="2199-12")) == []
    far = datacenter.ListFigures(month_from="1899-12", month_to="2200-01")
    assert broken(far) == [("month_from", rule), ("month_to", rule)]


def test_instants_reach_as_far_as_their_contract_lets_them() -> None:
    inside = dispatch.CheckInOrder(at=Timestamp(seconds=TODAY_S + 2 * 86_400 - 1))
    behind = dispatch.CheckInOrder(at=Timestamp(seconds=TODAY_S + 2 * 86_400))

    assert broken(inside) == []
    assert broken(behind) == [("at", "lies from 2026-01-30 to 2026-03-03")]
    assert broken(dispatch.PlaceOrder()) == []
    assert broken(dispatch.CheckInOrder(at=Timestamp(seconds=2**62))) == [
        ("at", "lies from 2026-01-30 to 2026-03-03")
    ]
