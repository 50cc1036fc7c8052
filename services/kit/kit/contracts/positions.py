"""Positions on the map: whatever datum a phone gives, one is kept, WGS-84.

Maps of China show GCJ-02, which lies some hundred metres beside it, so phones there often give
that. The state publishes no formula; this is the approximation that all use, right to metres.
Source: eviltransform (github.com/googollee/eviltransform, MIT licence); ellipsoid of Krasovsky
1940.
"""

import math

GCJ02 = 2  # the number of the contract's Datum; every other is WGS-84

_RADIUS_M = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943
_NEAR_DEG = 1e-9
_ROUNDS = 10  # three are enough everywhere in China


def wgs84(lon: float, lat: float, datum: int) -> tuple[float, float]:
    """Longitude and latitude in degrees WGS-84, to a decimetre where they were converted.

    >>> wgs84(118.3, 32.3, 0), wgs84(118.305372, 32.297963, GCJ02)
    ((118.3, 32.3), (118.3, 32.3))
    """
    if datum != GCJ02:
        return lon, lat
    there_lon, there_lat = lon, lat
    for _ in range(_ROUNDS):
        east, north = _shift(there_lon, there_lat)
        off_lon, off_lat = lon - east - there_lon, lat - north - there_lat
        there_lon += off_lon
        there_lat += off_lat
        if max(abs(off_lon), abs(off_lat)) < _NEAR_DEG:
            break
    return round(there_lon, 6), round(there_lat, 6)


def _shift(lon: float, lat: float) -> tuple[float, float]:
    """Degrees by which GCJ-02 lies to the east and to the north of a position in WGS-84."""
    x, y = lon - 105.0, lat - 35.0
    root = math.sqrt(abs(x))
    waves = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += (waves + 20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) / 1.5
    north_m += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) / 1.5
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += (waves + 20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) / 1.5
    east_m += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) / 1.5
    phi = math.radians(lat)
    magic = 1.0 - _ECCENTRICITY_SQUARED * math.sin(phi) ** 2
    along_m = _RADIUS_M * (1.0 - _ECCENTRICITY_SQUARED) / magic**1.5
    across_m = _RADIUS_M / math.sqrt(magic) * math.cos(phi)
    return math.degrees(east_m / across_m), math.degrees(north_m / along_m)
