"""What the story knows: the city's people and providers, what is under way, and the instant it has
come to.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from kit.contracts.clock import SHANGHAI
from simulator.client import Gateway, Identities, Refused
from simulator.ledger import Ledger
from simulator.people import Person, Places, population
from simulator.providers import Firm, Home, Visitor, firms, homes, residents, visitors
from simulator.story import START
from simulator.story.chances import APPLICANTS, ASSESSORS_PER_ELDER, CHANNELS, DISABLED_APPLICANTS
from simulator.truth import Truth, World, month_of
from simulator.visits import Order

WHOLE_CITY = "341100000000"
NO_VOUCHER = ("emergency-repair",)  # the one item of the catalogue that no voucher pays


@dataclass(slots=True)
class Case:
    """An application on its way to a level. round: 0 for the first, 1 for the review after an
    appeal. doubted: whose results were.

    applied_on: the day of the application; assess_on begins there, and is set when assessors are
    named.
    """

    person: Person
    application_id: str
    area_code: str
    applied_on: date
    assess_on: date
    assessors: tuple[int, ...] = ()
    doubted: tuple[int, ...] = ()
    round: int = 0
    withdraws: bool = False
    assessment_id: str = ""
    public_until: datetime | None = None
    appeals: bool = False
    slow: bool = False
    completed_month: str = ""


@dataclass(slots=True)
class Complaint:
    """A complaint that waits for its answer. due_at: by the city's promise, not by the platform's
    word. month: of its filing.
    """

    complaint_id: str
    close_on: date
    due_at: datetime
    month: str
    order: Order


@dataclass
class Story:
    """The whole simulation. failures: expectations that did not hold, besides the figures."""

    gateway: Gateway
    elders: int
    seed: int
    places: Places
    today: date = START
    world: World = field(default_factory=World)
    failures: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    cases: list[Case] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)  # by the platform's id
    open: dict[str, Order] = field(
        default_factory=dict
    )  # those that can still end in more than one way
    rest: dict[tuple[int, str], int] = field(
        default_factory=dict
    )  # person, month → what is left of the voucher, fen
    voucher_area: dict[tuple[int, str], str] = field(default_factory=dict)
    vouched: dict[int, str] = field(
        default_factory=dict
    )  # persons with an open voucher entitlement → area
    unwilling: set[int] = field(default_factory=set)  # persons who did not want the cash
    late_deaths: list[Person] = field(default_factory=list)
    owed: list[Order] = field(
        default_factory=list
    )  # captured and not paid; one payment for each firm and month of the vouchers
    ended: set[tuple[int, str]] = field(
        default_factory=set
    )  # vouchers whose time is over: what is given back is gone
    ledger: Ledger = field(default_factory=Ledger)
    paid: defaultdict[int, list[tuple[str, int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )  # person → month, fen, area
    told: defaultdict[str, list[Order]] = field(
        default_factory=lambda: defaultdict(list)
    )  # worker → finished, as devices told of them
    sendings: int = 0
    unheard: list[Order] = field(
        default_factory=list
    )  # over, and a device will still tell of a visit
    finished_today: list[Order] = field(default_factory=list)
    unjudged: list[Order] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    stay_ids: dict[int, str] = field(default_factory=dict)  # by person
    last_settlement: str = ""

    def __post_init__(self) -> None:
        self.truth = Truth(self.places.tree)
        self.begun = self.today
        self.now = datetime.combine(self.today, time(8), SHANGHAI)
        self.world.people = population(self.elders, self.seed, self.today, self.places)
        by_county = Counter(one.area_code[:6] for one in self.world.people)
        self.firms: list[Firm] = firms(self.elders, self.seed, self.places, by_county)
        visitors(self.elders, self.seed, self.firms, self.today, by_county)
        self.keepers: list[Firm]
        self.keepers, self.world.homes = homes(
            self.elders, self.seed, self.places, by_county, len(self.firms)
        )
        self.residents: list[tuple[Person, Home]] = residents(
            self.seed, self.world.people, self.world.homes
        )
        for one, _ in self.residents:
            one.living = "INSTITUTION"
        self.by_number = {one.number: one for one in self.world.people}
        self.serials = Counter((one.born_on, one.male) for one in self.world.people)
        self.applicants = self._applicants()
        self.assessor_ids = [
            f"00000000-0000-7000-8000-{number:012x}" for number in range(1, self._assessors() + 1)
        ]
        self.tokens = Identities(self.gateway)
        self.visitor_of: dict[str, Visitor] = {}

    @property
    def month(self) -> str:
        """The present month."""
        return month_of(self.now)

    @property
    def passed(self) -> int:
        """Days since the story began."""
        return (self.today - self.begun).days

    def dice(self, *deed: object) -> Random:
        """The dice of one deed: the same for the same seed, whatever happened before."""
        return Random(":".join(map(str, (self.seed, *deed))))

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Notes a failure where the platform's answer is not what must be."""
        if found != wanted:
            self.failures.append(f"{what}: {found}, not {wanted}")

    async def refused(self, token: str, path: str, body: dict[str, Any], status: int = 409) -> None:
        """Tries what the rules forbid, and notes a failure where it is not refused."""
        try:
            await self.gateway.post(token, path, body)
        except Refused as refusal:
            self.expect(path, refusal.status, status)
        else:
            self.failures.append(f"{path} was not refused: {body}")

    def quota(self, dice: Random, count: int, rate: float) -> int:
        """A whole number that is `count` × `rate` in the mean."""
        return int(count * rate + dice.random())

    async def meet(self) -> None:
        """Tokens of the officials."""
        city = {"area": WHOLE_CITY}
        self.tokens.know("office", roles=["official"], **city)
        self.tokens.know("hotline", roles=["hotline"], **city)
        self.tokens.know("inspector", roles=["inspector"], **city)
        for at, one in enumerate(self.assessor_ids):
            self.tokens.know(f"assessor {at}", roles=["assessor"], worker_id=one, **city)
        await self.tokens.renew()

    async def meet_workers(self) -> None:
        """Tokens of the firms and their workers, who are registered by now; and what can be
        ordered.
        """
        for firm in self.firms:
            self.tokens.know(
                f"firm {firm.organisation_id}",
                roles=["provider"],
                organisation_id=firm.organisation_id,
            )
            for visitor in firm.workers:
                self.tokens.know(
                    f"worker {visitor.worker_id}",
                    roles=["worker"],
                    organisation_id=firm.organisation_id,
                    worker_id=visitor.worker_id,
                )
                self.visitor_of[visitor.worker_id] = visitor
        await self.tokens.renew()
        catalogue = (await self.gateway.get(self.tokens["office"], "/v1/catalogue"))["rows"]
        self.items = sorted(
            (item for item in catalogue if item["item_code"] not in NO_VOUCHER),
            key=lambda item: str(item["item_code"]),
        )

    def _applicants(self) -> list[Person]:
        dice = self.dice("applicants")
        housed = {one.number for one, _ in self.residents}
        disabled = [one for one in self.world.people if one.level >= 2 and one.number not in housed]
        others = [one for one in self.world.people if one.level < 2 and one.number not in housed]
        wanted = round(self.elders * APPLICANTS)
        chosen = dice.sample(disabled, min(len(disabled), round(wanted * DISABLED_APPLICANTS)))
        chosen += dice.sample(others, min(len(others), wanted - len(chosen)))
        dice.shuffle(chosen)
        return chosen

    def _assessors(self) -> int:
        return max(6, 2 * round(self.elders * ASSESSORS_PER_ELDER))


def channel(dice: Random) -> str:
    """By which way somebody asks."""
    return dice.choices([name for name, _ in CHANNELS], [share for _, share in CHANNELS])[0]


def instant(day: date, at: time) -> datetime:
    """A local time of a day."""
    return datetime.combine(day, at, SHANGHAI)


def days_between(first: date, last: date) -> list[date]:
    """Both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
