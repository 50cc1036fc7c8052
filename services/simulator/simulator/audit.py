"""What an audit must find against a visit: by its published rules, from what devices told alone.

Shares no code with the supervision service; the limits are the simulator's own copy
(standards/audit.yaml).
"""

from collections.abc import Sequence
from datetime import timedelta

from simulator.norms import known
from simulator.visits import Order, Visit, distance_m

MINUTE = timedelta(minutes=1)


def doubts(order: Order, told: Sequence[Order]) -> tuple[set[str], set[str]]:
    """The doubts that must be raised about a finished visit, and those that may.

    told: the worker's finished visits in the order in which they were told, this one included.
    Visits told in one sending are judged in any order, so each may or may not be held for an
    overlap with the other.
    """
    visit, at = told_visit(order), next(at for at, one in enumerate(told) if one is order)
    must = {
        name
        for name, found in (
            ("DOUBT_TOO_SHORT", _too_short(order, visit)),
            ("DOUBT_WRONG_PLACE", _wrong_place(order, visit)),
            (
                "DOUBT_IMPOSSIBLE_TRAVEL",
                _impossible_travel(visit, [told_visit(one) for one in told[:at]]),
            ),
            ("DOUBT_NO_POSITION", visit.place_in is None or visit.place_out is None),
        )
        if found
    }
    sendings = {
        one.sending for one in told if one is not order and _overlap(visit, told_visit(one))
    }
    if any(sending < order.sending for sending in sendings):
        return must | {"DOUBT_OVERLAP"}, set()
    return must, {"DOUBT_OVERLAP"} if order.sending in sendings else set()


def told_visit(order: Order) -> Visit:
    """The visit of an order that was served. Raises: ValueError where there is none."""
    if order.visit is None:
        raise ValueError(f"order {order.number} has no visit")
    return order.visit


def _limit(visit: Visit, name: str) -> float:
    return float(known(f"audit.{name}", visit.end.date()))


def _too_short(order: Order, visit: Visit) -> bool:
    return (visit.end - visit.begin) // MINUTE < order.planned_min * _limit(visit, "least_share")


def _wrong_place(order: Order, visit: Visit) -> bool:
    home = order.person.lon, order.person.lat
    return any(
        place and round(distance_m(home, place)) > _limit(visit, "place_m")
        for place in (visit.place_in, visit.place_out)
    )


def _impossible_travel(visit: Visit, told: Sequence[Visit]) -> bool:
    """From the latest departure that was told before, to this arrival; whole minutes, and one more
    is granted.
    """
    last = max(
        (one for one in told if one.end <= visit.begin), key=lambda one: one.end, default=None
    )
    if last is None or last.place_out is None or visit.place_in is None:
        return False
    minutes = (visit.begin - last.end) // MINUTE + 1
    return (
        round(distance_m(last.place_out, visit.place_in))
        > _limit(visit, "speed_kmh") * 1000 / 60 * minutes
    )


def _overlap(visit: Visit, other: Visit) -> bool:
    return other.begin < visit.end and visit.begin < other.end
