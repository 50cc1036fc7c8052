"""Distances, and the numbers that the contract gives."""

from eldercare.dispatch.v1.api_pb2 import Order
from eldercare.dispatch.v1.events_pb2 import OrderCancelled
from hypothesis import given
from hypothesis import strategies as st

from dispatch.orders.rules import Cause, GeoPoint, State, distance_m

points = st.builds(GeoPoint, st.floats(118.2, 118.4), st.floats(32.2, 32.4))


@given(points, points, points)
def test_distance_is_symmetric_and_obeys_the_triangle(a, b, c):
    assert distance_m(a, b) == distance_m(b, a)
    assert distance_m(a, c) <= distance_m(a, b) + distance_m(b, c) + 2


def test_the_numbers_of_states_and_causes_are_those_of_the_contract():
    assert {f"STATE_{state.name}": state for state in State} == {
        name: number for name, number in Order.State.items() if number
    }
    assert {f"CAUSE_{cause.name}": cause for cause in Cause} == {
        name: number for name, number in OrderCancelled.Cause.items() if number
    }
