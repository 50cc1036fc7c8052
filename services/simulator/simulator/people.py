"""The population: by county, age and sex as the census counted, levels and hardship by stated
shares. Pure and seeded.

Source: 2020 census (data/census2020.csv). Assumption: shares of levels by age, of hardship and of
households, after surveys of 2015–2021.
"""

import csv
import math
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from random import Random

from kit.contracts import areas
from kit.contracts.numbers import credit_check, resident_check

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
YEAR_DAYS = 365.25
BANDS = (60, 65, 70, 75, 80, 85)
# by first year of the band: share of level 1, share of levels 2 to 4 together
LEVEL_SHARES = {
    60: (0.22, 0.018),
    65: (0.28, 0.028),
    70: (0.36, 0.05),
    75: (0.45, 0.09),
    80: (0.52, 0.16),
    85: (0.50, 0.31),
}
SEVERE_SPLIT = (0.50, 0.25, 0.25)  # levels 2, 3, 4 among these
HARDSHIPS = (
    ("DIBAO", 0.055),
    ("TEKUN", 0.017),
    ("DIBAO_EDGE", 0.012),
    ("LOW_INCOME", 0.03),
)  # at most one of these
SEVERELY_HANDICAPPED, PLANNED_FAMILY = 0.02, 0.004
LIVINGS = (("ALONE", 0.142), ("SPOUSE_ONLY", 0.44), ("LEFT_BEHIND", 0.011), ("WITH_FAMILY", 0.407))
NOWHERE = "341199"
COMPLETE = 0.93  # ID number, address, phone, contact all known
LOCAL_REGISTER = 0.96
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
GIVEN = "国建华文明德志玉秀英兰桂芳珍凤莲荣福春梅林平军红云海山川永长庆祥瑞安宁康泰兴旺盛富贵清正直仁义礼智信勤俭和顺世家传光耀祖宗厚朴"


@dataclass(slots=True)
class Person:
    """An elder of the simulated city, with what only the simulation knows.

    level: what an honest assessment finds. elder_id: given by the platform. alive: and in the city.
    asked: was once entitled to cash.
    """

    number: int
    name: str
    id_number: str
    male: bool
    born_on: date
    area_code: str
    lon: float
    lat: float
    phone: str
    address: str
    contact_name: str
    contact_phone: str
    living: str
    hardships: tuple[str, ...]
    local_register: bool
    level: int
    elder_id: str = ""
    died_on: date | None = None
    alive: bool = True
    asked: bool = False
    dies_late: bool = False

    @property
    def complete(self) -> bool:
        """What the platform should say of the file."""
        return bool(self.phone and self.address and self.contact_name and self.contact_phone)


def census() -> dict[str, dict[str, int]]:
    """Counts by county."""
    text = resources.files(__package__).joinpath("data/census2020.csv").read_text()
    rows = csv.DictReader(text.splitlines())
    return {
        row["county"]: {name: int(value) for name, value in row.items() if name != "county"}
        for row in rows
    }


def centroids() -> dict[str, tuple[float, float, float]]:
    """Longitude, latitude and area (km²) by county."""
    text = resources.files(__package__).joinpath("data/centroids.csv").read_text()
    return {
        row["county"]: (float(row["lon"]), float(row["lat"]), float(row["area_km2"]))
        for row in csv.DictReader(text.splitlines())
    }


def shares(total: int, weights: list[int]) -> list[int]:
    """Divides a whole number by weights; largest remainders get what is left.

    >>> shares(10, [1, 1, 1])
    [4, 3, 3]
    """
    whole = sum(weights)
    parts = [total * weight / whole for weight in weights]
    given = [int(part) for part in parts]
    order = sorted(range(len(parts)), key=lambda at: (given[at] - parts[at], at))
    for at in order[: total - sum(given)]:
        given[at] += 1
    return given


class Places:
    """Points for villages: each village lies at a fixed point of its county, and homes around it."""

    def __init__(self, seed: int) -> None:
        self.tree = areas.load()
        self.centres = centroids()
        self.villages = {
            county: [area.code for area in self.tree.within(f"{county}000000", areas.COMMUNITY)]
            for county in COUNTIES
        }
        self._seed = seed
        self._points: dict[str, tuple[float, float]] = {}

    def point(self, code: str) -> tuple[float, float]:
        """The village's point: inside a square of the county's area around its inner point."""
        if code not in self._points:
            self._points[code] = self._point(code)
        return self._points[code]

    def _point(self, code: str) -> tuple[float, float]:
        lon, lat, km2 = self.centres[code[:6]]
        random = Random(f"{self._seed}:{code}")
        half = math.sqrt(km2) / 2 * 0.7
        return around(random, lon, lat, half)


def around(random: Random, lon: float, lat: float, half_km: float) -> tuple[float, float]:
    """A point in a square around another; degrees."""
    east, north = random.uniform(-half_km, half_km), random.uniform(-half_km, half_km)
    return round(lon + east / (111.32 * math.cos(math.radians(lat))), 6), round(
        lat + north / 110.57, 6
    )


def population(elders: int, seed: int, today: date, places: Places) -> list[Person]:
    """So many elders, in the census's proportions; the same for the same seed."""
    random = Random(f"people:{seed}")
    counted = census()
    cells = [
        (county, band, male) for county in COUNTIES for band in BANDS for male in (True, False)
    ]
    sizes = shares(
        elders,
        [counted[county][f"{'male' if male else 'female'}_{band}"] for county, band, male in cells],
    )
    people: list[Person] = []
    serials: Serials = Counter()
    for (county, band, male), size in zip(cells, sizes, strict=True):
        people += [
            person(random, len(people) + at, county, band, male, today, places, serials)
            for at in range(size)
        ]
    random.shuffle(people)
    return people


Serials = Counter[tuple[date, bool]]


def person(
    random: Random,
    number: int,
    county: str,
    band: int,
    male: bool,
    today: date,
    places: Places,
    serials: Serials,
) -> Person:
    """One elder of a census cell. serials: how many ID numbers were given by birth day and sex;
    this one is noted in it.
    """
    span = 5 if band < BANDS[-1] else 13
    days = int((band + random.random() * span) * YEAR_DAYS) + 1
    born_on = today - timedelta(days=min(days, math.ceil((band + span) * YEAR_DAYS) - 1))
    area_code = random.choice(places.villages[county])
    lon, lat = home(random, area_code, places)
    complete = random.random() < COMPLETE
    missing = None if complete else random.choice(("phone", "address", "contact"))
    mild, worse = LEVEL_SHARES[band]
    dice = random.random()
    level = (
        random.choices((2, 3, 4), SEVERE_SPLIT)[0]
        if dice < worse
        else 1
        if dice < worse + mild
        else 0
    )
    poor = _one_of(random, HARDSHIPS)
    hardships = [poor] if poor else []
    hardships += ["SEVERELY_HANDICAPPED"] if random.random() < SEVERELY_HANDICAPPED else []
    hardships += ["PLANNED_FAMILY_SPECIAL"] if random.random() < PLANNED_FAMILY else []
    name = _name(random)
    return Person(
        number=number,
        name=name,
        id_number=id_number(born_on, male, serials),
        male=male,
        born_on=born_on,
        area_code=area_code,
        lon=lon,
        lat=lat,
        phone="" if missing == "phone" else f"1{random.choice('3578')}{number:09d}",
        address="" if missing == "address" else address(random, number, area_code, places),
        contact_name="" if missing == "contact" else _name(random),
        contact_phone=""
        if missing == "contact"
        else f"1{random.choice('3578')}{number + 500_000_000:09d}",
        living=_one_of(random, LIVINGS) or "WITH_FAMILY",
        hardships=tuple(hardships),
        local_register=random.random() < LOCAL_REGISTER,
        level=level,
    )


def home(random: Random, area_code: str, places: Places) -> tuple[float, float]:
    """A home near the village's point."""
    return around(random, *places.point(area_code), 1.5)


def address(random: Random, number: int, area_code: str, places: Places) -> str:
    """Where a person's letters go."""
    return f"{places.tree.name(area_code)}{random.randint(1, 400)}号{number}室"


def _one_of(random: Random, choices: tuple[tuple[str, float], ...]) -> str | None:
    dice = random.random()
    for name, share in choices:
        dice -= share
        if dice < 0:
            return name
    return None


def _name(random: Random) -> str:
    return random.choice(SURNAMES) + "".join(random.choices(GIVEN, k=random.choice((1, 2, 2))))


def id_number(born_on: date, male: bool, serials: Serials) -> str:
    """A well-formed number that nobody can have: its area part was never given to any county."""
    serials[born_on, male] += 1
    digits = f"{NOWHERE}{born_on:%Y%m%d}{serials[born_on, male] * 2 + (1 if male else 0):03d}"
    return digits + resident_check(digits)


def credit_code(kind: str, county: str, number: int) -> str:
    """A well-formed unified social credit code."""
    head = f"{kind}{county}MJ{number:06d}"
    for filler in "0123456789ABCDEFGH":
        code = f"{head}{filler}"[:17]
        try:
            return code + credit_check(code)
        except ValueError:
            continue
    raise ValueError(f"no code for {kind}, {county}, {number}")
