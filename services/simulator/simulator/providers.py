"""Who provides care in the simulated city: its organisations, places and workers, in scale. Pure
and seeded.

Assumption: counts by 800 000 elders after domain figures (175 institutions, 21 000 beds, 110 town
complexes, 950 stations, 80 firms).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from kit.contracts import areas
from simulator.people import (
    COUNTIES,
    Person,
    Places,
    Serials,
    around,
    credit_code,
    id_number,
    shares,
)

FULL = 791_581
HELPS = ("MEAL", "BATH", "CLEAN", "WALK", "EMERGENCY", "MEDICAL")
INSTITUTIONS, BEDS, COMPLEXES, STATIONS = 175, 21_000, 110, 950
NURSING = 0.7
ELDERS_PER_VISITOR = 110  # assumption: what keeps the orders of a day within the shifts
OCCUPANCY = 0.5
OPERATIONS = (
    ("PUBLIC", "PUBLIC", "12"),
    ("CONTRACTED", "PRIVATE_NON_PROFIT", "52"),
    ("PRIVATE", "ENTERPRISE", "91"),
)


@dataclass(slots=True)
class Firm:
    """An organisation that visits homes, or keeps a house. organisation_id: given by the platform.
    position: of its feed, as read.
    """

    credit_code: str
    name: str
    kind: str
    county: str
    lon: float
    lat: float
    home_services: bool
    organisation_id: str = ""
    workers: list["Visitor"] = field(default_factory=list)
    cursor: str = ""
    position: int = 0


@dataclass(slots=True)
class Visitor:
    """A person who visits or cares for an organisation."""

    number: int
    name: str
    id_number: str
    phone: str
    skills: tuple[str, ...]
    caregiver: bool
    certified_until: date | None
    shift: tuple[int, int]
    worker_id: str = ""
    left: bool = False


@dataclass(slots=True)
class Home:
    """A facility of one of the three tiers."""

    firm: Firm
    area_code: str
    name: str
    tier: str
    operation: str
    beds: int
    nursing_beds: int
    facility_id: str = ""
    closed: bool = False
    mourned_on: date | None = None  # when somebody's death was told who stayed there


def firms(elders: int, seed: int, places: Places, by_county: dict[str, int]) -> list[Firm]:
    """At least one firm in each county that has elders."""
    random = Random(f"firms:{seed}")
    wanted = max(len(COUNTIES), round(80 * elders / FULL))
    extra = shares(wanted - len(COUNTIES), [by_county[county] for county in COUNTIES])
    made: list[Firm] = []
    for county, more in zip(COUNTIES, extra, strict=True):
        for _ in range(1 + more):
            lon, lat = around(random, *places.centres[county][:2], 2.0)
            kind, head = random.choice((("PRIVATE_NON_PROFIT", "52"), ("ENTERPRISE", "91")))
            made.append(
                Firm(
                    credit_code(head, county, len(made)),
                    f"{places.tree.name(f'{county}000000')}居家养老服务中心{len(made) + 1}",
                    kind,
                    county,
                    lon,
                    lat,
                    True,
                )
            )
    return made


def visitors(
    elders: int, seed: int, firms: list[Firm], today: date, by_county: dict[str, int]
) -> list[Visitor]:
    """The firms' workers."""
    random = Random(f"visitors:{seed}")
    made: list[Visitor] = []
    serials: Serials = Counter()
    for county in COUNTIES:
        local = [firm for firm in firms if firm.county == county]
        for at in range(max(3, round(by_county[county] / ELDERS_PER_VISITOR))):
            number = len(made)
            born = today - timedelta(days=random.randint(25 * 365, 58 * 365))
            person = id_number(born, random.random() < 0.5, serials)
            skills = tuple(
                sorted(random.sample(HELPS, k=random.choice((4, 5, 6))), key=HELPS.index)
            )
            certified = random.random() < 0.9
            until = (
                today + timedelta(days=random.choice((3, 20, 40, 200, 400, 700)))
                if certified
                else None
            )
            visitor = Visitor(
                number,
                f"护理员{number:05d}",
                person,
                f"139{number:08d}",
                skills,
                random.random() < 0.85,
                until,
                random.choice(((480, 1080), (450, 1050), (480, 1140))),
            )
            local[at % len(local)].workers.append(visitor)
            made.append(visitor)
    return made


def homes(
    elders: int, seed: int, places: Places, by_county: dict[str, int], first_number: int
) -> tuple[list[Firm], list[Home]]:
    """Institutions, town complexes and village stations, each run by an organisation of its county."""
    random = Random(f"homes:{seed}")
    scale = elders / FULL
    keepers: list[Firm] = []
    made: list[Home] = []
    counts = {
        "COUNTY": max(len(COUNTIES) - 2, round(INSTITUTIONS * scale)),
        "TOWN": max(6, min(124, round(COMPLEXES * scale))),
        "VILLAGE": max(12, min(1200, round(STATIONS * scale))),
    }
    weights = [by_county[county] for county in COUNTIES]
    beds_left = max(60, round(BEDS * scale))
    per_home = max(10, beds_left // counts["COUNTY"])
    for tier, count in counts.items():
        for county, share in zip(COUNTIES, shares(count, weights), strict=True):
            if not share:
                continue
            operation, kind, head = random.choice(OPERATIONS)
            lon, lat = around(random, *places.centres[county][:2], 2.0)
            name = f"{places.tree.name(f'{county}000000')}养老服务机构{len(keepers) + 1}"
            keeper = Firm(
                credit_code(head, county, first_number + len(keepers)),
                name,
                kind,
                county,
                lon,
                lat,
                False,
            )
            keepers.append(keeper)
            taken: set[str] = set()
            for at in range(share):
                village = random.choice(places.villages[county])
                where = village if tier != "TOWN" else _town(random, places, county, taken)
                beds = (
                    per_home
                    if tier == "COUNTY"
                    else random.choice((0, 4, 6))
                    if tier == "TOWN"
                    else 0
                )
                sign = f"{places.tree.name(where)}{at + 1}号{'养老院' if tier == 'COUNTY' else '服务站'}"
                made.append(Home(keeper, where, sign, tier, operation, beds, round(beds * NURSING)))
    return keepers, made


def _town(random: Random, places: Places, county: str, taken: set[str]) -> str:
    towns = [
        area.code
        for area in places.tree.within(f"{county}000000", areas.TOWNSHIP)
        if area.code not in taken
    ]
    chosen = random.choice(towns or [f"{county}000000"])
    taken.add(chosen)
    return chosen


def residents(seed: int, people: list[Person], homes: list[Home]) -> list[tuple[Person, Home]]:
    """Who lies in whose beds when the story begins."""
    random = Random(f"stays:{seed}")
    free = [home for home in homes for _ in range(home.beds) if random.random() < OCCUPANCY]
    by_county: dict[str, list[Person]] = {}
    for person in people:
        by_county.setdefault(person.area_code[:6], []).append(person)
    pairs = []
    for home in free:
        pool = by_county.get(home.area_code[:6], [])
        if pool:
            pairs.append((pool.pop(random.randrange(len(pool))), home))
    return pairs
