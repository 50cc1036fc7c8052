"""Counties, villages and points on the map. Pure and seeded.

Source: 2020 census (data/census2020.csv), centroids (data/centroids.csv).
"""

import csv
import math
from collections.abc import Iterator
from importlib import resources
from random import Random

from kit.contracts import areas

WHOLE_CITY = "341100000000"
COUNTIES = (
    "341102",
    "341103",
    "341122",
    "341124",
    "341125",
    "341126",
    "341171",
    "341172",
    "341181",
    "341182",
)
COUNTY_DIGITS = 6
KM_PER_DEGREE_LON = 111.32  # at the equator
KM_PER_DEGREE_LAT = 110.57
SETTLED_SHARE = 0.7  # of the side of a square of the county's area, in which villages lie
Point = tuple[float, float]
"""Longitude, latitude; degrees, WGS-84."""


class Geography:
    """The tree of areas, and a fixed point for each village inside its county."""

    def __init__(self, seed: int) -> None:
        self.tree = areas.load()
        self.centres = centroids()
        self.villages = {county: self._villages(county) for county in COUNTIES}
        self._seed = seed
        self._points: dict[str, Point] = {}

    def point(self, code: str) -> Point:
        """The village's point: inside a square of the county's area around its inner point."""
        if code not in self._points:
            self._points[code] = self._point(code)
        return self._points[code]

    def _villages(self, county: str) -> list[str]:
        found = self.tree.within(county_code(county), areas.COMMUNITY)
        return [area.code for area in found]

    def _point(self, code: str) -> Point:
        lon, lat, km2 = self.centres[code[:COUNTY_DIGITS]]
        rng = Random(f"{self._seed}:{code}")
        half_km = math.sqrt(km2) / 2 * SETTLED_SHARE
        return around(rng, lon, lat, half_km)


def county_code(county: str) -> str:
    """The twelve digits of a county that is known by six."""
    return f"{county}000000"


def census() -> dict[str, dict[str, int]]:
    """Counts by county."""
    return {
        row["county"]: {name: int(value) for name, value in row.items() if name != "county"}
        for row in _rows("census2020.csv")
    }


def centroids() -> dict[str, tuple[float, float, float]]:
    """Longitude, latitude and area (km²) by county."""
    return {
        row["county"]: (float(row["lon"]), float(row["lat"]), float(row["area_km2"]))
        for row in _rows("centroids.csv")
    }


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = resources.files(__package__).joinpath(f"data/{name}").read_text()
    return csv.DictReader(text.splitlines())


def around(rng: Random, lon: float, lat: float, half_km: float) -> Point:
    """A point in a square around another."""
    east = rng.uniform(-half_km, half_km)
    north = rng.uniform(-half_km, half_km)
    km_per_degree = KM_PER_DEGREE_LON * math.cos(math.radians(lat))
    return round(lon + east / km_per_degree, 6), round(lat + north / KM_PER_DEGREE_LAT, 6)


def distance_m(here: Point, there: Point) -> float:
    """Straight line on the sphere, metres."""
    lon1, lat1, lon2, lat2 = map(math.radians, (*here, *there))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6_371_008.8 * math.asin(math.sqrt(half))


def shares(total: int, weights: list[int]) -> list[int]:
    """Divides a whole number by weights; largest remainders get what is left.

    >>> shares(10, [1, 1, 1])
    [4, 3, 3]
    """
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    given = [int(part) for part in exact]
    order = sorted(range(len(exact)), key=lambda at: (given[at] - exact[at], at))
    for at in order[: total - sum(given)]:
        given[at] += 1
    return given
