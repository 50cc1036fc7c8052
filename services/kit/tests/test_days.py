"""Which days and instants the platform takes."""

import pytest
from eldercare.assessment.v1 import api_pb2 as assessment
from eldercare.datacenter.v1 import api_pb2 as datacenter
from eldercare.dispatch.v1 import api_pb2 as dispatch
from eldercare.facility.v1 import api_pb2 as facility
from google.protobuf.timestamp_pb2 import Timestamp

from kit.contracts.days import out_of_bounds

FIRST_S, END_S = -2_208_988_800, 7_258_118_400  # 1900-01-01 and 2200-01-01, both UTC


@pytest.mark.parametrize("day", ["1900-01-01", "2026-03-02", "2199-12-31", "9999-12-31", ""])
def test_a_day_between_the_bounds_and_one_that_never_comes_are_taken(day: str) -> None:
    assert list(out_of_bounds(facility.RegisterWorker(certified_until=day))) == []


@pytest.mark.parametrize(
    "day", ["0000-01-01", "0001-01-01", "1899-12-31", "2200-01-01", "2999-12-31", "9999-12-30"]
)
def test_a_day_outside_is_named_with_its_rule(day: str) -> None:
    rule = "lies from 1900-01-01 to 2199-12-31, or is 9999-12-31 for no end"

    assert list(out_of_bounds(facility.ChangeWorker(certified_until=day))) == [
        ("certified_until", rule)
    ]
    assert list(out_of_bounds(assessment.ReportElderDeath(died_on=day))) == [("died_on", rule)]


def test_months_and_instants_have_the_same_bounds() -> None:
    rule = "lies from 1900-01-01 to 2199-12-31"

    assert (
        list(out_of_bounds(datacenter.ListFigures(month_from="1900-01", month_to="2199-12"))) == []
    )
    far = datacenter.ListFigures(month_from="1899-12", month_to="2200-01")
    assert list(out_of_bounds(far)) == [("month_from", rule), ("month_to", rule)]
    inside = dispatch.PlaceOrder(
        wanted_from=Timestamp(seconds=FIRST_S),
        wanted_to=Timestamp(seconds=END_S - 1, nanos=999_999_999),
    )
    assert list(out_of_bounds(inside)) == []
    far = dispatch.PlaceOrder(
        wanted_from=Timestamp(seconds=FIRST_S - 1, nanos=999_999_999),
        wanted_to=Timestamp(seconds=END_S),
    )
    assert list(out_of_bounds(far)) == [("wanted_from", rule), ("wanted_to", rule)]
    assert list(out_of_bounds(dispatch.PlaceOrder())) == []
    assert list(out_of_bounds(dispatch.CheckInOrder(at=Timestamp(seconds=2**62)))) == [("at", rule)]
