"""How a visit really goes: arrival, stay and position. Pure and seeded: a visit's temper is its
own, whoever is sent.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from simulator.people import Person
from simulator.providers import Firm, Visitor

# Assumption: what goes wrong with visits, and how often; the rest goes well
TEMPERS = (
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
LEANING = ("double", "teleport")  # fakes that need a true visit before them
PACE_KMH = 28.0  # how fast an honest worker really travels, straight line
NOISE_M = 60  # error of a phone's position; the audit grants 300
LEAST_MIN = 2.0
AWAY_DEG = 0.02  # about two kilometres
NO_NETWORK_H = (1.0, 5.0)
TELEPORT, TELEPORT_LEAST_M = (
    timedelta(seconds=30),
    3000,
)  # at 60 km/h, the minute that is granted is one kilometre


@dataclass(slots=True)
class Visit:
    """What the device will send, and when: told_in and told_out are begin and end unless there was
    no network.
    """

    begin: datetime
    end: datetime
    place_in: tuple[float, float] | None
    place_out: tuple[float, float] | None
    told_in: datetime
    told_out: datetime
    absent: bool = False


@dataclass(slots=True)
class Order:
    """An order as the simulation knows it. number: its place in the story.

    state: placed, offered, accepted, arrived, finished, cancelled, missed, unserved, death, moved
    away. cheat: how the visit was faked, or "". behind: the true visit that a second one is faked
    beside or right after. sending: the number of the one that told its end. offers: their numbers,
    as feeds told of them. captured: its voucher part became a debt to the firm, which is paid in
    its time; taken_back: because the visit lies behind the elder's death.
    """

    number: int
    order_id: str
    person: Person
    area_code: str
    planned_min: int
    voucher_fen: int
    month: str  # of the voucher
    wanted_from: datetime
    wanted_to: datetime
    cancels: bool = False
    state: str = "placed"
    firm: Firm | None = None
    visitor: Visitor | None = None
    planned_at: datetime | None = None
    visit: Visit | None = None
    offers: list[int] = field(default_factory=list)
    cheat: str = ""
    behind: "Order | None" = None
    sending: int = 0
    captured: bool = False
    paid: bool = False
    taken_back: bool = False
    finished_month: str = ""
    approved_month: str = ""
    approved_on: date | None = None
    settlement_id: str = ""


def distance_m(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Straight line on the sphere, metres; points are longitude, latitude."""
    lon1, lat1, lon2, lat2 = map(math.radians, (*here, *there))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6_371_008.8 * math.asin(math.sqrt(half))


def day_of(dice_of: Callable[[Order], Random], orders: Sequence[Order]) -> None:
    """Writes the visits of one worker's day; `orders` in the order of their plan."""
    free_at: datetime | None = None
    where: tuple[float, float] | None = None
    for at, order in enumerate(orders):
        dice, home = dice_of(order), (order.person.lon, order.person.lat)
        temper = _temper(dice, home, orders[at - 1] if at else None)
        delay_min = dice.uniform(15, 70) if temper == "late" else dice.uniform(-4, 8)
        begin = (order.planned_at or order.wanted_from) + timedelta(minutes=delay_min)
        if free_at is not None and where is not None:
            begin = max(
                begin,
                free_at + timedelta(minutes=2 + distance_m(where, home) / 1000 / PACE_KMH * 60),
            )
        order.cheat, order.behind = temper if temper in CHEATS else "", None
        order.visit = _visit(dice, temper, order, begin, home)
        if temper == "double":
            _hide(order, order.visit, orders[at - 1])
            continue
        if temper == "teleport":
            _jump(order, order.visit, orders[at - 1])
        if temper != "absent":
            free_at, where = order.visit.end, home


def _temper(dice: Random, home: tuple[float, float], before: Order | None) -> str:
    names, shares = zip(*TEMPERS, strict=True)
    temper: str = dice.choices((*names, "honest"), (*shares, 1 - sum(shares)))[0]
    true = before.visit if before and before.cheat not in LEANING else None
    leans = true is not None and not true.absent
    if true and temper == "teleport":
        leans = (
            leans
            and true.place_out is not None
            and distance_m(true.place_out, home) > TELEPORT_LEAST_M
        )
    return "short" if temper in LEANING and not leans else temper


def _visit(
    dice: Random, temper: str, order: Order, begin: datetime, home: tuple[float, float]
) -> Visit:
    share = dice.uniform(0.1, 0.5) if temper == "short" else dice.uniform(0.92, 1.15)
    end = begin + timedelta(minutes=max(LEAST_MIN, order.planned_min * share))
    place = (home[0] + AWAY_DEG, home[1] + AWAY_DEG) if temper == "elsewhere" else home
    visit = Visit(
        begin, end, noisy(dice, place), noisy(dice, place), begin, end, absent=temper == "absent"
    )
    if temper == "no position":
        visit.place_in = visit.place_out = None
    if temper.startswith("no network"):
        visit.told_out = end + timedelta(hours=dice.uniform(*NO_NETWORK_H))
        visit.told_in = visit.told_out if temper == "no network" else begin
    return visit


def _hide(order: Order, visit: Visit, before: Order) -> None:
    """The second of two visits at once, told when the first one is."""
    true = _true(before)
    _lean(order, visit, before, true.begin + min(timedelta(minutes=5), (true.end - true.begin) / 2))


def _jump(order: Order, visit: Visit, before: Order) -> None:
    """A visit that begins far away from the one before, right after it; told when that one is."""
    _lean(order, visit, before, _true(before).end + TELEPORT)


def _lean(order: Order, visit: Visit, before: Order, begin: datetime) -> None:
    true, length = _true(before), visit.end - visit.begin
    visit.begin, visit.end = begin, begin + length
    visit.told_in = visit.told_out = max(visit.end, true.told_out)
    order.behind = before


def _true(before: Order) -> Visit:
    if before.visit is None:
        raise ValueError(f"order {before.number} has no visit")
    return before.visit


def noisy(random: Random, point: tuple[float, float]) -> tuple[float, float]:
    """What a phone tells of where it is."""
    turn, far = random.uniform(0, 2 * math.pi), random.uniform(0, NOISE_M) / 111_320
    return round(point[0] + far * math.cos(turn) / math.cos(math.radians(point[1])), 6), round(
        point[1] + far * math.sin(turn), 6
    )


def answers(random: Random, level: int) -> tuple[dict[str, int], dict[str, object]]:
    """The 26 answers and flags that lead to a level under GB/T 42195-2022."""
    events = random.choice((0, 0, 0, 1))
    wanted, flags = (
        level,
        {
            "coma": False,
            "diagnoses": ["I10"],
            "psychiatrist_diagnosed": False,
            "risk_events": events,
        },
    )
    if level >= 1 and random.random() < 0.12:
        wanted, rule = level - 1, random.choice(("dementia", "falls"))
        flags |= (
            {"diagnoses": ["F01"]} if rule == "dementia" else {"risk_events": random.randint(2, 4)}
        )
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
    "eating": 4,
    "grooming": 4,
    "bathing": 4,
    "upper_clothing": 4,
    "lower_clothing": 4,
    "bladder": 4,
    "bowel": 4,
    "toileting": 4,
    "bed_position": 4,
    "transfer": 4,
    "walking": 4,
    "stairs": 3,
    "time_orientation": 4,
    "space_orientation": 4,
    "person_orientation": 4,
    "memory": 4,
    "understanding": 4,
    "expression": 4,
    "aggression": 1,
    "depression": 1,
    "consciousness": 2,
    "vision": 2,
    "hearing": 2,
    "daily_affairs": 4,
    "transport": 3,
    "social_contact": 4,
}
