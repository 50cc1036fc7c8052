"""The population: by county, age and sex as the census counted. Pure and seeded.

Assumption: shares of levels by age, of hardship and of households, after surveys of 2015–2021.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from simulator.world.geography import COUNTIES, Geography, Point, around, census, shares
from simulator.world.identifiers import Serials, id_number

YEAR_DAYS = 365.25
BANDS = (60, 65, 70, 75, 80, 85)
BAND_YEARS = 5
LAST_BAND_YEARS = 13
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
SUBSIDISED = frozenset({"DIBAO", "TEKUN", "LOW_INCOME"})  # hardships that entitle to cash
SEVERELY_HANDICAPPED = 0.02
PLANNED_FAMILY = 0.004
LIVINGS = (("ALONE", 0.142), ("SPOUSE_ONLY", 0.44), ("LEFT_BEHIND", 0.011), ("WITH_FAMILY", 0.407))
COMPLETE = 0.93  # ID number, address, phone, contact all known
LOCAL_REGISTER = 0.96
HOME_KM = 1.5  # half the side of the square around a village's point in which its homes lie
CONTACT_PHONES = 500_000_000  # phones of contacts are numbered from here
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
GIVEN = (
    "国建华文明德志玉秀英兰桂芳珍凤莲荣福春梅林平军红云海山川永长庆祥瑞安宁"
    "康泰兴旺盛富贵清正直仁义礼智信勤俭和顺世家传光耀祖宗厚朴"
)


@dataclass(slots=True)
class Person:
    """An elder of the simulated city, with what only the simulation knows.

    level: what an honest assessment finds. elder_id: given by the platform. gone_on: first day out
    of the city. alive: and in the city.
    entitled_once: to cash. reported_late: the death will be reported after a payment.
    former_hardships: each set with the first day without it, the oldest first. alike: has the name,
    birth day and community of somebody else.
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
    gone_on: date | None = None
    alive: bool = True
    entitled_once: bool = False
    reported_late: bool = False
    former_hardships: list[tuple[date, tuple[str, ...]]] = field(default_factory=list)
    alike: bool = False

    @property
    def complete(self) -> bool:
        """What the platform should say of the file."""
        return bool(self.phone and self.address and self.contact_name and self.contact_phone)

    def hardships_on(self, day: date) -> tuple[str, ...]:
        """The groups of hardship that the elder belonged to on a day."""
        return next((had for until, had in self.former_hardships if day < until), self.hardships)

    def is_here_on(self, day: date) -> bool:
        """Whether the elder is alive and in the city on a day; on the day of death, yes."""
        dead = self.died_on is not None and day > self.died_on
        return not dead and (self.gone_on is None or day < self.gone_on)

    @property
    def home(self) -> Point:
        """Where the elder lives."""
        return self.lon, self.lat


def population(elders: int, seed: int, today: date, geography: Geography) -> list[Person]:
    """So many elders, in the census's proportions; the same for the same seed."""
    rng = Random(f"people:{seed}")
    counted = census()
    cells = [
        (county, band, male) for county in COUNTIES for band in BANDS for male in (True, False)
    ]
    weights = [
        counted[county][f"{'male' if male else 'female'}_{band}"] for county, band, male in cells
    ]
    people: list[Person] = []
    serials: Serials = Counter()
    for (county, band, male), size in zip(cells, shares(elders, weights), strict=True):
        people += [
            person(rng, len(people) + at, county, band, male, today, geography, serials)
            for at in range(size)
        ]
    rng.shuffle(people)
    seen: set[tuple[str, date, str]] = set()
    for one in people:
        like = (one.name, one.born_on, one.area_code)
        one.alike = like in seen
        seen.add(like)
    return people


def person(
    rng: Random,
    number: int,
    county: str,
    band: int,
    male: bool,
    today: date,
    geography: Geography,
    serials: Serials,
) -> Person:
    """One elder of a census cell. serials: the ID number is noted in it."""
    born_on = _born_on(rng, band, today)
    area_code = rng.choice(geography.villages[county])
    lon, lat = home(rng, area_code, geography)
    missing = None if rng.random() < COMPLETE else rng.choice(("phone", "address", "contact"))
    level = _level(rng, band)
    hardships = _hardships(rng)
    name = _name(rng)
    return Person(
        number=number,
        name=name,
        id_number=id_number(born_on, male, serials),
        male=male,
        born_on=born_on,
        area_code=area_code,
        lon=lon,
        lat=lat,
        phone="" if missing == "phone" else _phone(rng, number),
        address="" if missing == "address" else address(rng, number, area_code, geography),
        contact_name="" if missing == "contact" else _name(rng),
        contact_phone="" if missing == "contact" else _phone(rng, number + CONTACT_PHONES),
        living=_one_of(rng, LIVINGS) or "WITH_FAMILY",
        hardships=hardships,
        local_register=rng.random() < LOCAL_REGISTER,
        level=level,
    )


def home(rng: Random, area_code: str, geography: Geography) -> Point:
    """A home near the village's point."""
    return around(rng, *geography.point(area_code), HOME_KM)


def address(rng: Random, number: int, area_code: str, geography: Geography) -> str:
    """Where a person's letters go."""
    return f"{geography.tree.name(area_code)}{rng.randint(1, 400)}号{number}室"


def _born_on(rng: Random, band: int, today: date) -> date:
    span = BAND_YEARS if band < BANDS[-1] else LAST_BAND_YEARS
    days = int((band + rng.random() * span) * YEAR_DAYS) + 1
    most = math.ceil((band + span) * YEAR_DAYS) - 1
    return today - timedelta(days=min(days, most))


def _level(rng: Random, band: int) -> int:
    mild, worse = LEVEL_SHARES[band]
    drawn = rng.random()
    if drawn < worse:
        return rng.choices((2, 3, 4), SEVERE_SPLIT)[0]
    return 1 if drawn < worse + mild else 0


def _hardships(rng: Random) -> tuple[str, ...]:
    poor = _one_of(rng, HARDSHIPS)
    found = [poor] if poor else []
    if rng.random() < SEVERELY_HANDICAPPED:
        found.append("SEVERELY_HANDICAPPED")
    if rng.random() < PLANNED_FAMILY:
        found.append("PLANNED_FAMILY_SPECIAL")
    return tuple(found)


def _one_of(rng: Random, choices: Sequence[tuple[str, float]]) -> str | None:
    drawn = rng.random()
    for name, share in choices:
        drawn -= share
        if drawn < 0:
            return name
    return None


def _phone(rng: Random, number: int) -> str:
    return f"1{rng.choice('3578')}{number:09d}"


def _name(rng: Random) -> str:
    surname = rng.choice(SURNAMES)
    length = rng.choice((1, 2, 2))
    return surname + "".join(rng.choices(GIVEN, k=length))
