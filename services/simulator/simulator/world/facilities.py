"""Institutions, town complexes and village stations, in scale. Pure and seeded.

Assumption: counts by 800 000 elders after domain figures (175 institutions, 21 000 beds, 110 town
complexes, 950 stations).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from kit.contracts import areas
from simulator.world.firms import FULL, OFFICE_KM, Firm
from simulator.world.geography import (
    COUNTIES,
    COUNTY_DIGITS,
    Geography,
    around,
    county_code,
    shares,
)
from simulator.world.identifiers import credit_code
from simulator.world.people import Person

INSTITUTIONS = 175
BEDS = 21_000
COMPLEXES = 110
STATIONS = 950
LEAST_BEDS = 60
LEAST_BEDS_PER_HOUSE = 10
TOWN_BEDS = (0, 4, 6)
NURSING = 0.7  # share of the beds
OCCUPANCY = 0.5
# operation, kind of the operator, head of its credit code
OPERATIONS = (
    ("PUBLIC", "PUBLIC", "12"),
    ("CONTRACTED", "PRIVATE_NON_PROFIT", "52"),
    ("PRIVATE", "ENTERPRISE", "91"),
)


@dataclass(slots=True)
class Facility:
    """A facility of one of the three tiers. firm: its operator."""

    firm: Firm
    area_code: str
    name: str
    tier: str
    operation: str
    beds: int
    nursing_beds: int
    facility_id: str = ""
    closed: bool = False
    mourned_on: date | None = None  # when a resident's death was reported
    grows_on: date | None = None  # when beds come that are agreed

    def grow(self, beds: int) -> None:
        """Beds come, half of them for nursing."""
        self.beds += beds
        self.nursing_beds += beds // 2


def facilities(
    elders: int, seed: int, geography: Geography, by_county: Mapping[str, int], first_number: int
) -> tuple[list[Firm], list[Facility]]:
    """The facilities, each run by an organisation of its county; and these operators.

    first_number: of the operators' credit codes.
    """
    rng = Random(f"homes:{seed}")  # the name is part of the seed
    scale = elders / FULL
    counts = _counts(scale)
    beds_per_house = max(
        LEAST_BEDS_PER_HOUSE, max(LEAST_BEDS, round(BEDS * scale)) // counts["COUNTY"]
    )
    weights = [by_county[county] for county in COUNTIES]
    operators: list[Firm] = []
    made: list[Facility] = []
    for tier, count in counts.items():
        for county, share in zip(COUNTIES, shares(count, weights), strict=True):
            if not share:
                continue
            operation, kind, head = rng.choice(OPERATIONS)
            code = credit_code(head, county, first_number + len(operators))
            operator = _operator(rng, len(operators) + 1, code, kind, county, geography)
            operators.append(operator)
            made += _of_operator(rng, operator, tier, operation, share, beds_per_house, geography)
    return operators, made


def _counts(scale: float) -> dict[str, int]:
    """How many facilities by tier."""
    return {
        "COUNTY": max(len(COUNTIES) - 2, round(INSTITUTIONS * scale)),
        "TOWN": max(6, min(124, round(COMPLEXES * scale))),
        "VILLAGE": max(12, min(1200, round(STATIONS * scale))),
    }


def _operator(
    rng: Random, number: int, code: str, kind: str, county: str, geography: Geography
) -> Firm:
    lon, lat = around(rng, *geography.centres[county][:2], OFFICE_KM)
    name = f"{geography.tree.name(county_code(county))}养老服务机构{number}"
    return Firm(code, name, kind, county, lon, lat, home_services=False)


def _of_operator(
    rng: Random,
    operator: Firm,
    tier: str,
    operation: str,
    count: int,
    beds_per_house: int,
    geography: Geography,
) -> list[Facility]:
    made: list[Facility] = []
    taken: set[str] = set()
    for number in range(1, count + 1):
        area_code = rng.choice(geography.villages[operator.county])
        if tier == "TOWN":
            area_code = _town(rng, geography, operator.county, taken)
        beds = _beds(rng, tier, beds_per_house)
        sign = "养老院" if tier == "COUNTY" else "服务站"
        name = f"{geography.tree.name(area_code)}{number}号{sign}"
        nursing_beds = round(beds * NURSING)
        made.append(Facility(operator, area_code, name, tier, operation, beds, nursing_beds))
    return made


def _beds(rng: Random, tier: str, beds_per_house: int) -> int:
    if tier == "COUNTY":
        return beds_per_house
    return rng.choice(TOWN_BEDS) if tier == "TOWN" else 0


def _town(rng: Random, geography: Geography, county: str, taken: set[str]) -> str:
    """A town of the county that has no complex yet; the county itself where there is none."""
    found = geography.tree.within(county_code(county), areas.TOWNSHIP)
    towns = [area.code for area in found if area.code not in taken]
    chosen = rng.choice(towns or [county_code(county)])
    taken.add(chosen)
    return chosen


def residents(
    seed: int, people: list[Person], facilities: list[Facility]
) -> list[tuple[Person, Facility]]:
    """Who lies in whose beds when the story begins."""
    rng = Random(f"stays:{seed}")
    occupied = [
        facility
        for facility in facilities
        for _ in range(facility.beds)
        if rng.random() < OCCUPANCY
    ]
    by_county: defaultdict[str, list[Person]] = defaultdict(list)
    for person in people:
        by_county[person.area_code[:COUNTY_DIGITS]].append(person)
    pairs = []
    for facility in occupied:
        pool = by_county[facility.area_code[:COUNTY_DIGITS]]
        if pool:
            pairs.append((pool.pop(rng.randrange(len(pool))), facility))
    return pairs
