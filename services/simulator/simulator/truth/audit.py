"""What an audit must find against a visit: by its published rules, from what devices sent alone.

Shares no code with the supervision service; the limits are the simulator's own copy
(standards/audit.yaml).
"""

from collections.abc import Sequence
from datetime import timedelta

from simulator.norms import number
from simulator.world.geography import distance_m
from simulator.world.orders import Order, Visit

MINUTE = timedelta(minutes=1)


def doubts(
    order: Order, reported: Sequence[Order], at_home: Sequence[Order] = ()
) -> tuple[set[str], set[str]]:
    """The doubts that must be raised about a finished visit, and those that may.

    reported: the worker's finished visits in the order of their reports, this one included.
    at_home: those of all workers at the elder. Visits of one batch are judged in any order, so each
    may or may not be held for an overlap with the other.
    """
    visit = order.served
    at = next(at for at, one in enumerate(reported) if one is order)
    before = [one.served for one in reported[:at]]
    must = set()
    if _too_short(order, visit):
        must.add("DOUBT_TOO_SHORT")
    if _wrong_place(order, visit):
        must.add("DOUBT_WRONG_PLACE")
    if _impossible_travel(visit, before):
        must.add("DOUBT_IMPOSSIBLE_TRAVEL")
    if visit.arrival_point is None or visit.departure_point is None:
        must.add("DOUBT_NO_POSITION")
    if _outside_window(order, visit):
        must.add("DOUBT_OUTSIDE_WINDOW")
    others = (one for one in (*reported, *at_home) if one is not order)
    batches = {one.batch for one in others if _overlap(visit, one.served)}
    if any(batch < order.batch for batch in batches):
        return must | {"DOUBT_OVERLAP"}, set()
    return must, {"DOUBT_OVERLAP"} if order.batch in batches else set()


def _limit(visit: Visit, name: str) -> float:
    return number(f"audit.{name}", visit.end.date())


def _too_short(order: Order, visit: Visit) -> bool:
    served_min = (visit.end - visit.begin) // MINUTE
    return served_min < order.planned_min * _limit(visit, "least_share")


def _wrong_place(order: Order, visit: Visit) -> bool:
    home = order.person.home
    return any(
        place and round(distance_m(home, place)) > _limit(visit, "place_m")
        for place in (visit.arrival_point, visit.departure_point)
    )


def _outside_window(order: Order, visit: Visit) -> bool:
    """Begun minutes count whole."""
    early_min = -((visit.begin - order.wanted_from) // MINUTE)
    late_min = -((order.wanted_to - visit.begin) // MINUTE)
    return early_min > _limit(visit, "early_min") or late_min > _limit(visit, "late_min")


def _impossible_travel(visit: Visit, before: Sequence[Visit]) -> bool:
    """From the latest departure that was reported before, to this arrival, or from this departure
    to the next arrival that was; whole minutes, and one more is granted.
    """
    ended = [one for one in before if one.end <= visit.begin]
    begun = [one for one in before if one.begin >= visit.end]
    last = max(ended, key=lambda one: one.end, default=None)
    following = min(begun, key=lambda one: one.end, default=None)
    return (last is not None and _too_fast(last, visit)) or (
        following is not None and _too_fast(visit, following)
    )


def _too_fast(visit: Visit, following: Visit) -> bool:
    if visit.departure_point is None or following.arrival_point is None:
        return False
    minutes = (following.begin - visit.end) // MINUTE + 1
    most_m = _limit(visit, "speed_kmh") * 1000 / 60 * minutes
    return round(distance_m(visit.departure_point, following.arrival_point)) > most_m


def _overlap(visit: Visit, other: Visit) -> bool:
    return other.begin < visit.end and visit.begin < other.end
