"""How a visit really goes: arrival, stay and position by the worker's character. Pure and seeded."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from simulator.people import Person
from simulator.things import Firm, Visitor

CHEATS = 0.5  # share of visits in which a cheating worker cheats
PACE_KMH = 28.0  # how fast an honest worker really travels, straight line
NOISE_M = 60  # error of a phone's position; the audit grants 300


@dataclass(slots=True)
class Order:
    """An order as the simulation knows it.

    state: placed, offered, accepted, arrived, finished, cancelled, missed, unserved. cheat: how the visit was faked, or "".
    """

    order_id: str
    person: Person
    area_code: str
    item_code: str
    planned_min: int
    price_fen: int
    voucher_fen: int
    month: str  # of the voucher
    wanted_from: datetime
    wanted_to: datetime
    state: str = "placed"
    firm: Firm | None = None
    visitor: Visitor | None = None
    planned_at: datetime | None = None
    attempt: int = 0
    visit: "Visit | None" = None
    cheat: str = ""
    cancels: bool = False
    outcome: str = ""  # approved, refused
    captured: bool = False
    followed_up: bool = False
    tags: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Visit:
    """What the device will send."""

    begin: datetime
    end: datetime
    place_in: tuple[float, float] | None
    place_out: tuple[float, float] | None
    absent: bool = False


def distance_m(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Straight line on the sphere, metres; points are longitude, latitude."""
    lon1, lat1, lon2, lat2 = map(math.radians, (*here, *there))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(half))


def day_of(random: Random, visitor: Visitor, orders: list[Order]) -> None:
    """Writes the visits of one worker's day; `orders` in the order of their plan."""
    free_at: datetime | None = None
    where: tuple[float, float] | None = None
    for at, order in enumerate(orders):
        planned = order.planned_at or order.wanted_from
        cheating = visitor.character not in ("honest", "late", "absent") and random.random() < CHEATS
        home = (order.person.lon, order.person.lat)
        delay = random.uniform(15, 70) if visitor.character == "late" and random.random() < CHEATS else random.uniform(-4, 8)
        begin = planned + timedelta(minutes=delay)
        if free_at is not None and where is not None:
            begin = max(begin, free_at + timedelta(minutes=2 + distance_m(where, home) / 1000 / PACE_KMH * 60))
        share = random.uniform(0.92, 1.15)
        if visitor.character == "absent" and random.random() < CHEATS:
            order.visit = Visit(begin, begin, None, None, absent=True)
            continue
        place_in, place_out = noisy(random, home), noisy(random, home)
        if cheating and visitor.character == "short":
            order.cheat, share = "short", random.uniform(0.1, 0.5)
        elif cheating and visitor.character == "elsewhere":
            order.cheat = "elsewhere"
            place_in = place_out = noisy(random, (home[0] + 0.02, home[1] + 0.02))
        elif cheating and visitor.character == "double" and at and orders[at - 1].visit and not orders[at - 1].visit.absent:
            before = orders[at - 1].visit
            order.cheat = "double"
            begin = before.begin + min(timedelta(minutes=5), (before.end - before.begin) / 2)
        end = begin + timedelta(minutes=max(2.0, order.planned_min * share))
        order.visit = Visit(begin, end, place_in, place_out)
        if order.cheat != "double":
            free_at, where = end, home


def noisy(random: Random, point: tuple[float, float]) -> tuple[float, float]:
    """What a phone tells of where it is."""
    turn, far = random.uniform(0, 2 * math.pi), random.uniform(0, NOISE_M) / 111_320
    return round(point[0] + far * math.cos(turn) / math.cos(math.radians(point[1])), 6), round(point[1] + far * math.sin(turn), 6)


def answers(random: Random, level: int) -> tuple[dict[str, int], dict[str, object]]:
    """The 26 answers and flags that lead to a level under GB/T 42195-2022."""
    events = random.choice((0, 0, 0, 1))
    wanted, flags = level, {"coma": False, "diagnoses": ["I10"], "psychiatrist_diagnosed": False, "risk_events": events}
    if level >= 1 and random.random() < 0.12:
        wanted, rule = level - 1, random.choice(("dementia", "falls"))
        flags |= {"diagnoses": ["F01"]} if rule == "dementia" else {"risk_events": random.randint(2, 4)}
    elif level == 4 and random.random() < 0.05:
        flags["coma"] = True
    least, most = ((90, 90), (66, 89), (46, 65), (30, 45), (0, 29))[wanted]
    lost = 90 - random.randint(least, most)
    points = dict(MOST)
    items = list(MOST)
    while lost:
        item = random.choice(items)
        if points[item]:
            points[item] -= 1
            lost -= 1
    return points, flags


MOST = {
    "eating": 4, "grooming": 4, "bathing": 4, "upper_clothing": 4, "lower_clothing": 4, "bladder": 4, "bowel": 4, "toileting": 4,
    "bed_position": 4, "transfer": 4, "walking": 4, "stairs": 3, "time_orientation": 4, "space_orientation": 4, "person_orientation": 4,
    "memory": 4, "understanding": 4, "expression": 4, "aggression": 1, "depression": 1, "consciousness": 2, "vision": 2, "hearing": 2,
    "daily_affairs": 4, "transport": 3, "social_contact": 4,
}
