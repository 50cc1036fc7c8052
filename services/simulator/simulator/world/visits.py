"""How a visit really goes: arrival, stay and position. Pure and seeded.

The outcome of a visit is its own, whoever is sent.
"""

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from simulator.world.geography import Point, distance_m
from simulator.world.orders import Order, Visit

# Assumption: what goes wrong with visits, and how often; the rest goes well
OUTCOMES = (
    ("late", 0.06),
    ("short", 0.025),
    ("elsewhere", 0.02),
    ("double", 0.02),
    ("absent", 0.015),
    ("no position", 0.03),
    ("no network", 0.04),
    ("no network at the end", 0.02),
    ("teleport", 0.015),
)
CHEATS = ("short", "elsewhere", "double", "teleport")
DEPENDENT_CHEATS = ("double", "teleport")  # fakes that need a true visit before them
PACE_KMH = 28.0  # how fast an honest worker really travels, straight line
PAUSE_MIN = 2  # between departure and travel
# between plan and arrival
PUNCTUAL_MIN = (-4, 8)
LATE_MIN = (15, 70)
# shares of the planned minutes
STAYS = (0.92, 1.15)
SHORT_STAYS = (0.1, 0.5)
NOISE_M = 60  # error of a phone's position; the audit grants 300
METRES_PER_DEGREE = 111_320
LEAST_MIN = 2.0
AWAY_DEG = 0.02  # about two kilometres
NO_NETWORK_H = (1.0, 5.0)
OVERLAP_AFTER = timedelta(minutes=5)
# at 60 km/h, the minute that is granted is one kilometre
TELEPORT = timedelta(seconds=30)
TELEPORT_LEAST_M = 3000


def simulate_day(rng_of: Callable[[Order], Random], orders: Sequence[Order]) -> None:
    """Writes the visits of one worker's day; `orders` in the order of their plan."""
    free_at: datetime | None = None
    where: Point | None = None
    for at, order in enumerate(orders):
        rng = rng_of(order)
        home = order.person.home
        before = orders[at - 1] if at else None
        outcome = _outcome(rng, home, before)
        begin = _arrival(rng, outcome, order)
        if free_at is not None and where is not None:
            travel_min = PAUSE_MIN + distance_m(where, home) / 1000 / PACE_KMH * 60
            begin = max(begin, free_at + timedelta(minutes=travel_min))
        order.cheat = outcome if outcome in CHEATS else ""
        order.based_on = None
        order.visit = _visit(rng, outcome, order, begin, home)
        if before and outcome == "double":
            _overlap(order, before)
            continue
        if before and outcome == "teleport":
            _teleport(order, before)
        if outcome != "absent":
            free_at = order.visit.end
            where = home


def _outcome(rng: Random, home: Point, before: Order | None) -> str:
    names = [name for name, _ in OUTCOMES]
    shares = [share for _, share in OUTCOMES]
    drawn = rng.choices((*names, "honest"), (*shares, 1 - sum(shares)))[0]
    if drawn in DEPENDENT_CHEATS and not _can_depend(drawn, home, before):
        return "short"
    return drawn


def _can_depend(cheat: str, home: Point, before: Order | None) -> bool:
    """Whether the visit before is a true one that a fake can be based on."""
    if before is None or before.visit is None or before.cheat in DEPENDENT_CHEATS:
        return False
    true = before.visit
    if cheat != "teleport":
        return not true.absent
    return (
        not true.absent
        and true.departure_point is not None
        and distance_m(true.departure_point, home) > TELEPORT_LEAST_M
    )


def _arrival(rng: Random, outcome: str, order: Order) -> datetime:
    range_min = LATE_MIN if outcome == "late" else PUNCTUAL_MIN
    return (order.planned_at or order.wanted_from) + timedelta(minutes=rng.uniform(*range_min))


def _visit(rng: Random, outcome: str, order: Order, begin: datetime, home: Point) -> Visit:
    share = rng.uniform(*(SHORT_STAYS if outcome == "short" else STAYS))
    end = begin + timedelta(minutes=max(LEAST_MIN, order.planned_min * share))
    place = home
    if outcome == "elsewhere":
        place = home[0] + AWAY_DEG, home[1] + AWAY_DEG
    visit = Visit(
        begin=begin,
        end=end,
        arrival_point=measured(rng, place),
        departure_point=measured(rng, place),
        arrival_sent_at=begin,
        departure_sent_at=end,
        absent=outcome == "absent",
    )
    if outcome == "no position":
        visit.arrival_point = None
        visit.departure_point = None
    if outcome.startswith("no network"):
        visit.departure_sent_at = end + timedelta(hours=rng.uniform(*NO_NETWORK_H))
        if outcome == "no network":
            visit.arrival_sent_at = visit.departure_sent_at
    return visit


def _overlap(order: Order, before: Order) -> None:
    """The second of two visits at once, reported when the first one is."""
    true = before.served
    half = (true.end - true.begin) / 2
    _base_on(order, before, true.begin + min(OVERLAP_AFTER, half))


def _teleport(order: Order, before: Order) -> None:
    """A visit that begins far away right after the one before; reported when that one is."""
    _base_on(order, before, before.served.end + TELEPORT)


def _base_on(order: Order, before: Order, begin: datetime) -> None:
    visit = order.served
    length = visit.end - visit.begin
    visit.begin = begin
    visit.end = begin + length
    sent_at = max(visit.end, before.served.departure_sent_at)
    visit.arrival_sent_at = sent_at
    visit.departure_sent_at = sent_at
    order.based_on = before


def measured(rng: Random, point: Point) -> Point:
    """Where a phone takes itself to be."""
    angle = rng.uniform(0, 2 * math.pi)
    off_deg = rng.uniform(0, NOISE_M) / METRES_PER_DEGREE
    lon, lat = point
    return (
        round(lon + off_deg * math.cos(angle) / math.cos(math.radians(lat)), 6),
        round(lat + off_deg * math.sin(angle), 6),
    )
