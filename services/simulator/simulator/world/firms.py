"""Firms that visit homes, and their workers, in scale. Pure and seeded.

Assumption: counts by 800 000 elders after domain figures (80 firms).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from simulator.world.geography import COUNTIES, Geography, around, county_code, shares
from simulator.world.identifiers import Serials, credit_code, id_number

FULL = 791_581  # elders of the whole city
FIRMS = 80
HELPS = ("MEAL", "BATH", "CLEAN", "WALK", "EMERGENCY", "MEDICAL")
ELDERS_PER_WORKER = 110  # assumption: what keeps the orders of a day within the shifts
LEAST_WORKERS = 3  # in a county
OFFICE_KM = 2.0  # half the side of the square around a county's centre in which offices lie
KINDS = (("PRIVATE_NON_PROFIT", "52"), ("ENTERPRISE", "91"))
AGES_DAYS = (25 * 365, 58 * 365)
CERTIFIED = 0.9
CAREGIVERS = 0.85
CERTIFICATES_DAYS = (3, 20, 40, 200, 400, 700)  # from now to the end of a certificate
IN_HOMES = 0.15  # assumption: share of an institution's caregivers who visit homes
RESIDENTS_PER_CARER = 5  # assumption: about what the residents of an institution need
SHIFTS_MIN = ((480, 1080), (450, 1050), (480, 1140))


@dataclass(slots=True)
class Worker:
    """A person who visits or cares for a firm. shift: minutes of the day."""

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
    place: str = "HOMES"


@dataclass(slots=True)
class Suspension:
    """Days on which a firm gets nothing: from `first` to the day before `until`.

    decided_at: when the platform learnt it. open_ended: it did not learn the end, until
    `resumed_at`.
    """

    decided_at: datetime
    first: date
    until: date
    open_ended: bool
    resumed_at: datetime | None = None

    def covers(self, day: date, as_of: datetime) -> bool:
        """Whether a day lies in it as far as the platform knew at an instant."""
        if as_of < self.decided_at or day < self.first:
            return False
        ends = not self.open_ended or (self.resumed_at is not None and self.resumed_at <= as_of)
        return day < self.until if ends else True


@dataclass(slots=True)
class Firm:
    """An organisation that visits homes, or operates a facility.

    organisation_id: given by the platform. cursor, position: of its feed, as read.
    """

    credit_code: str
    name: str
    kind: str
    county: str
    lon: float
    lat: float
    home_services: bool
    organisation_id: str = ""
    workers: list[Worker] = field(default_factory=list)
    cursor: str = ""
    position: int = 0
    suspensions: list[Suspension] = field(default_factory=list)


def firms(elders: int, seed: int, geography: Geography, by_county: Mapping[str, int]) -> list[Firm]:
    """At least one firm in each county that has elders."""
    rng = Random(f"firms:{seed}")
    wanted = max(len(COUNTIES), round(FIRMS * elders / FULL))
    extra = shares(wanted - len(COUNTIES), [by_county[county] for county in COUNTIES])
    made: list[Firm] = []
    for county, more in zip(COUNTIES, extra, strict=True):
        made += [_firm(rng, len(made) + at, county, geography) for at in range(1 + more)]
    return made


def _firm(rng: Random, number: int, county: str, geography: Geography) -> Firm:
    lon, lat = around(rng, *geography.centres[county][:2], OFFICE_KM)
    kind, head = rng.choice(KINDS)
    return Firm(
        credit_code=credit_code(head, county, number),
        name=f"{geography.tree.name(county_code(county))}居家养老服务中心{number + 1}",
        kind=kind,
        county=county,
        lon=lon,
        lat=lat,
        home_services=True,
    )


def workers(
    elders: int, seed: int, firms: list[Firm], today: date, by_county: Mapping[str, int]
) -> list[Worker]:
    """The firms' workers, in turn for each firm of a county."""
    rng = Random(f"visitors:{seed}")  # the name is part of the seed
    made: list[Worker] = []
    serials: Serials = Counter()
    for county in COUNTIES:
        local = [firm for firm in firms if firm.county == county]
        for at in range(max(LEAST_WORKERS, round(by_county[county] / ELDERS_PER_WORKER))):
            worker = _worker(rng, len(made), today, serials)
            local[at % len(local)].workers.append(worker)
            made.append(worker)
    return made


def carers(
    seed: int, operators: Mapping[str, Firm], residents: Mapping[str, int], today: date, first: int
) -> None:
    """The caregivers of operators of institutions, by credit code; some of them visit homes, and
    not every operator has enough. first: the number of the first of them.
    """
    rng = Random(f"carers:{seed}")
    serials: Serials = Counter()
    for code, operator in operators.items():
        enough = max(1, residents.get(code, 0) // RESIDENTS_PER_CARER)
        for _ in range(rng.randint(max(1, enough // 2), enough + 2)):
            worker = _worker(rng, first, today, serials)
            worker.place = "HOMES" if rng.random() < IN_HOMES else "FACILITY"
            operator.workers.append(worker)
            first += 1


def _worker(rng: Random, number: int, today: date, serials: Serials) -> Worker:
    born_on = today - timedelta(days=rng.randint(*AGES_DAYS))
    identity = id_number(born_on, rng.random() < 0.5, serials)
    skills = rng.sample(HELPS, k=rng.choice((4, 5, 6)))
    certified_until = None
    if rng.random() < CERTIFIED:
        certified_until = today + timedelta(days=rng.choice(CERTIFICATES_DAYS))
    return Worker(
        number=number,
        name=f"护理员{number:05d}",
        id_number=identity,
        phone=f"139{number:08d}",
        skills=tuple(sorted(skills, key=HELPS.index)),
        caregiver=rng.random() < CAREGIVERS,
        certified_until=certified_until,
        shift=rng.choice(SHIFTS_MIN),
    )
