"""What the simulated city knows to be true: the figures, counted from what was done and never from
what the platform says.

Written from the definitions alone (services/datacenter/README.md); shares no code with the data
center.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from kit.contracts import areas
from kit.contracts.clock import SHANGHAI
from simulator.people import Person
from simulator.providers import Home, Visitor

HELPED = frozenset({"DIBAO", "TEKUN", "LOW_INCOME"})
LEVELS = (2, 3, 4, 5)
Pair = list[int]
Figures = dict[str, dict[str, Pair]]  # code → area → [numerator, denominator]


def month_of(at: date | datetime) -> str:
    """`YYYY-MM` in Shanghai."""
    return f"{at.astimezone(SHANGHAI) if isinstance(at, datetime) else at:%Y-%m}"


def age_months(born_on: date, month: str) -> int:
    """Whole months of age at the end of a month."""
    year, number = map(int, month.split("-"))
    return (year - born_on.year) * 12 + number - born_on.month


@dataclass
class World:
    """What is the case now."""

    people: list[Person] = field(default_factory=list)
    levels: dict[int, int] = field(default_factory=dict)  # person number → level in force
    cash: set[int] = field(default_factory=set)  # persons with an open home-care entitlement
    vouchers: set[tuple[int, str]] = field(
        default_factory=set
    )  # person number, month of an issued voucher
    homes: list[Home] = field(default_factory=list)
    stays: dict[int, Home] = field(default_factory=dict)  # person number → where
    visitors: list[tuple[Visitor, str]] = field(default_factory=list)  # with their county


class Truth:
    """Counts flows as they happen and keeps the stocks of each month's end."""

    def __init__(self, tree: areas.Areas) -> None:
        self.tree = tree
        self._flows: dict[str, Figures] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(lambda: [0, 0]))
        )
        self._stocks: dict[str, Figures] = {}

    def count(
        self, code: str, month: str, area: str, numerator: int = 0, denominator: int = 0
    ) -> None:
        """Adds to a flow; the area is the fact's own."""
        pair = self._flows[month][code][area]
        pair[0] += numerator
        pair[1] += denominator

    def close(self, month: str, world: World) -> None:
        """Takes the stocks as they are; called at the end of each month, and at the end."""
        self._stocks[month] = self._stock(month, world)

    def months(self) -> list[str]:
        """The months that can be compared."""
        return sorted(self._stocks)

    def figures(self, month: str) -> Iterator[tuple[str, str, int, int]]:
        """(code, area of any level from city to village, numerator, denominator), wherever
        something was counted.
        """
        for code, by_area in [*self._stocks[month].items(), *self._flows[month].items()]:
            rolled: dict[str, Pair] = defaultdict(lambda: [0, 0])
            for area, (numerator, denominator) in by_area.items():
                for level in LEVELS:
                    if level <= areas.level(area):
                        pair = rolled[areas.at(area, level)]
                        pair[0] += numerator
                        pair[1] += denominator
            for area, (numerator, denominator) in sorted(rolled.items()):
                yield code, area, numerator, denominator

    def _stock(self, month: str, world: World) -> Figures:
        figures: Figures = defaultdict(lambda: defaultdict(lambda: [0, 0]))

        def add(code: str, area: str, numerator: int, denominator: int = 0) -> None:
            pair = figures[code][area]
            pair[0] += numerator
            pair[1] += denominator

        for person in world.people:
            if person.alive:
                self._person(month, person, world, add)
        for home in world.homes:
            if not home.closed:
                self._home(home, add)
        open_places = {home.area_code for home in world.homes if not home.closed}
        towns = {
            areas.at(home.area_code, areas.TOWNSHIP)
            for home in world.homes
            if not home.closed and home.tier == "TOWN"
        }
        for area in self.tree:
            if area.level == areas.COMMUNITY:
                add("FA02", area.code, int(area.code in open_places), 1)
            elif area.level == areas.TOWNSHIP:
                add("FA06", area.code, int(area.code in towns), 1)
        for home in world.stays.values():
            add("FA09", home.area_code, 1, 0)
        year, number = map(int, month.split("-"))
        after = date(year + number // 12, number % 12 + 1, 1)
        for visitor, county in world.visitors:
            if visitor.caregiver:
                lasts = (
                    visitor.certified_until is not None
                    and (after - visitor.certified_until).days <= 1
                )
                add("ST02", county, int(lasts), 1)
        return figures

    def _person(self, month: str, person: Person, world: World, add: "Adder") -> None:
        area, level = person.area_code, world.levels.get(person.number)
        assessed, disabled = level is not None, level is not None and level >= 2
        age = age_months(person.born_on, month)
        add("POP01", area, 1)
        add("POP04", area, int(age >= 80 * 12), 1)
        add("POP05", area, int(person.living in ("ALONE", "SPOUSE_ONLY")), 1)
        add("POP06", area, int(person.complete), 1)
        special = person.living in ("ALONE", "SPOUSE_ONLY", "LEFT_BEHIND") or disabled
        add(
            "POP07",
            area,
            int(
                special
                or bool({"SEVERELY_HANDICAPPED", "PLANNED_FAMILY_SPECIAL"} & set(person.hardships))
            ),
        )
        add("FA07", area, 0, 1)
        if {"DIBAO", "TEKUN"} & set(person.hardships):
            add("AS01", area, int(assessed), 1)
        if age >= 65 * 12:
            add("AS02", area, int(assessed), 1)
        if assessed:
            add("AS03", area, int(disabled), 1)
        if disabled and HELPED & set(person.hardships):
            add("SU02", area, int(person.number in world.cash), 1)
        if disabled:
            add("SU04", area, int((person.number, month) in world.vouchers), 1)

    def _home(self, home: Home, add: "Adder") -> None:
        add("FA07", home.area_code, home.beds)
        add("FA09", home.area_code, 0, home.beds)
        add(
            "FA11",
            home.area_code,
            home.beds if home.operation in ("CONTRACTED", "PRIVATE") else 0,
            home.beds,
        )
        if home.tier == "COUNTY":
            add("FA08", home.area_code, home.nursing_beds, home.beds)


class Adder(Protocol):
    """Type of `add(code, area, numerator, denominator=0)`."""

    def __call__(self, code: str, area: str, numerator: int, denominator: int = 0) -> None: ...
