"""The tree of statistical areas of a city: what exists, what lies in what. Geography, no rule of a
domain.
"""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

PROVINCE, CITY, COUNTY, TOWNSHIP, COMMUNITY = range(1, 6)
_KM_PER_DEGREE = 111.2
# counties are no squares: how far they reach in edges of one of their area, and what an inner
# point, a border and a datum may add
_REACH, _MARGIN_KM = 1.5, 20.0
_DIGITS = {PROVINCE: 2, CITY: 4, COUNTY: 6, TOWNSHIP: 9, COMMUNITY: 12}


@dataclass(frozen=True, slots=True)
class Area:
    """One division. level: 1 province, 2 city, 3 county, 4 township, 5 village or community.
    official: a civil-affairs division. kinds: its type, and what a list of towns says it is too.
    """

    code: str
    name: str
    level: int
    parent: str | None
    type: str
    official: bool
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Centre:
    """An inner point of a county, degrees WGS-84, and the county's area."""

    lon: float
    lat: float
    area_km2: float


class Areas:
    """A tree of areas by their 12-digit codes; reading is free of I/O."""

    def __init__(
        self, by_code: Mapping[str, Area], centres: Mapping[str, Centre] | None = None
    ) -> None:
        self._centres = dict(centres or {})
        self._by_code = dict(by_code)
        self._children: dict[str, list[Area]] = {}
        for area in self._by_code.values():
            if area.parent is not None:
                self._children.setdefault(area.parent, []).append(area)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Area:
        return self._by_code[code]

    def __iter__(self) -> Iterator[Area]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def level_of(self, code: str) -> int | None:
        """1 province … 5 village or community; None for a code that is not in the tree."""
        area = self._by_code.get(code)
        return area.level if area else None

    def far_km(self, code: str, lon: float, lat: float) -> int | None:
        """How far a position, degrees WGS-84, lies from the county of an area, where that is
        farther than any place of the county can be; None where it may lie there, or no centre is
        known.
        """
        centre = self._centres.get(at(code, COUNTY)) if level(code) >= COUNTY else None
        if centre is None:
            return None
        north_km = (lat - centre.lat) * _KM_PER_DEGREE
        east_km = (lon - centre.lon) * _KM_PER_DEGREE * math.cos(math.radians(centre.lat))
        away_km = math.hypot(north_km, east_km)
        reach_km = _REACH * math.sqrt(centre.area_km2) + _MARGIN_KM
        return round(away_km) if away_km > reach_km else None

    def name(self, code: str) -> str:
        """The area's own name. Raises: KeyError for a code that is not in the tree."""
        return self._by_code[code].name

    def path(self, code: str) -> list[Area]:
        """From the province down to the area itself. Raises: KeyError for a code that is not in the
        tree.
        """
        found: list[Area] = []
        step: str | None = code
        while step is not None:
            area = self._by_code[step]
            found.append(area)
            step = area.parent
        return found[::-1]

    def children(self, code: str) -> list[Area]:
        """The areas directly below, in the order of their codes."""
        return list(self._children.get(code, ()))

    def within(self, code: str, level: int | None = None) -> list[Area]:
        """The area itself and all below it, of one level where that is given."""
        digits = prefix(code)
        return [
            area
            for area in self
            if area.code.startswith(digits) and (level is None or area.level == level)
        ]


@lru_cache(maxsize=1 << 16)  # asked for each fact again; a city has some thousands of codes
def level(code: str) -> int:
    """The level that a code's trailing zeros tell.

    >>> codes = "340000000000 341100000000 341102000000 341102001000 341102001003".split()
    >>> [level(code) for code in codes]
    [1, 2, 3, 4, 5]
    """
    return next(rank for rank, digits in _DIGITS.items() if not code[digits:].strip("0"))


def prefix(code: str) -> str:
    """The digits that every area inside this one begins with.

    >>> prefix("341102001000")
    '341102001'
    """
    return code[: _DIGITS[level(code)]]


def is_in(code: str, outer: str) -> bool:
    """True where the area lies in the outer one, or is it.

    >>> is_in("341102001003", "341102000000"), is_in("341103001003", "341102000000")
    (True, False)
    """
    return code.startswith(prefix(outer))


def parent(code: str) -> str | None:
    """The code one level up; None above a province.

    >>> parent("341102001003"), parent("341102000000"), parent("340000000000")
    ('341102001000', '341100000000', None)
    """
    rank = level(code)
    return None if rank == PROVINCE else code[: _DIGITS[rank - 1]].ljust(12, "0")


def at(code: str, rank: int) -> str:
    """The area of a level that a code lies in.

    >>> at("341102001003", COUNTY)
    '341102000000'
    """
    return code[: _DIGITS[rank]].ljust(12, "0")


@lru_cache(maxsize=8)
def load(path: Path | None = None) -> Areas:
    """Reads a tree, and the list of its towns and the centres of its counties where they lie beside
    it; without a path the demo city's, Chuzhou. The files are read once per process.

    Raises: ValueError for a row whose code, level and parent do not fit together, and for a listed
    town that is not in the tree.
    """
    own = resources.files(__package__)
    text = (path or own.joinpath("chuzhou.csv")).read_text(encoding="utf-8")
    towns = path.with_name(f"{path.stem}_towns.csv") if path else own.joinpath("chuzhou_towns.csv")
    kinds = _kinds(towns.read_text(encoding="utf-8")) if towns.is_file() else {}
    by_code: dict[str, Area] = {}
    for line, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        code = row["code"]
        above = row["parent_code"]
        if len(code) != 12 or not code.isdigit() or code in by_code:
            raise ValueError(f"line {line}: code {code!r} is not a new 12-digit code")
        if above != "0" and above not in by_code:
            raise ValueError(f"line {line}: parent_code {above!r} stands nowhere above")
        by_code[code] = Area(
            code,
            row["name"],
            int(row["level"]),
            None if above == "0" else above,
            row["type"],
            row["official"] == "1",
            frozenset({row["type"], *kinds.get(code, ())}),
        )
    if unknown := sorted(kinds.keys() - by_code.keys()):
        raise ValueError(f"towns {unknown} are not in the tree")
    at_centres = f"{path.stem}_centres.csv" if path else "chuzhou_centres.csv"
    centres = path.with_name(at_centres) if path else own.joinpath(at_centres)
    found = _centres(centres.read_text(encoding="utf-8")) if centres.is_file() else {}
    return Areas(by_code, found)


def _centres(text: str) -> dict[str, Centre]:
    """The centre of each listed county, by its code."""
    return {
        row["code"]: Centre(float(row["lon"]), float(row["lat"]), float(row["area_km2"]))
        for row in csv.DictReader(text.splitlines())
    }


def _kinds(text: str) -> dict[str, set[str]]:
    """What each listed town is, by its code."""
    found: dict[str, set[str]] = {}
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(row["code"], set()).add(row["kind"])
    return found
