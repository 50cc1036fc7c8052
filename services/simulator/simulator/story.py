"""Days in the life of the city: who does what, when; each deed is done through the gateway and noted in the truth."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from kit.clock import SHANGHAI
from simulator.client import Gateway, Refused
from simulator.people import BANDS, COUNTIES, Person, Places, person, population
from simulator.things import Firm, firms, homes, residents, visitors
from simulator.truth import HELPED, Truth, World, month_of
from simulator.visits import Order, answers, day_of

START = date(2026, 1, 16)
# local times at which the city acts, and the share of a day's orders that come then: 75 % in the two peaks
STEPS = ((time(8, 30), 0.12), (time(10, 0), 0.30), (time(11, 30), 0.20), (time(13, 0), 0.08), (time(14, 30), 0.20), (time(16, 0), 0.10),
         (time(18, 5), 0.0), (time(20, 0), 0.0))
BEFORE_PAY, PLANNING, EVENING = time(14, 30), time(18, 5), time(20, 0)
MONDAY = 1.2
VOUCHER_FEN, HOME_SHARE = 80_000, 0.5
CASH_FEN = {2: 10_000, 3: 18_000, 4: 26_000}  # home-care subsidy a month by level
CASH_DAY, PAY_WEEKDAY, PAY_TIME = 10, 5, time(16, 0)
APPLICANTS = 0.055  # of all elders, in the time of the story; most of those with level ≥ 2
ORDERS_A_DAY = {"voucher": 0.42, "poor": 0.10, "market": 0.0006}
DEATHS_A_DAY, CHANGES_A_DAY, MOVES_A_DAY, NEW_A_DAY = 0.00011, 0.0006, 0.0001, 0.0003
DECLINE, SILENT, CANCEL, FOLLOW_UP, REACHED, SATISFIED = 0.05, 0.01, 0.03, 0.35, 0.9, 0.93
COMPLAIN, VERIFY, APPEAL, REFUSE = 0.006, 0.03, 0.03, 0.03
WAITING = ("placed", "offered", "accepted")
NO_VOUCHER = ("emergency-repair",)  # the one item of the catalogue that no voucher pays
CHANNELS = (("PORTAL", 0.2), ("HOTLINE", 0.35), ("MOBILE", 0.35), ("TERMINAL", 0.1))


@dataclass(slots=True)
class Case:
    """An application on its way to a level."""

    person: Person
    application_id: str
    area_code: str
    on: date
    assess_on: date
    assessors: tuple[int, int]
    assessment_id: str = ""
    public_until: datetime | None = None
    appeals: bool = False
    completed_month: str = ""


@dataclass
class Story:
    """The whole simulation. failures: expectations that did not hold, besides the figures."""

    gateway: Gateway
    elders: int
    seed: int
    places: Places
    today: date = START
    office: str = ""
    hotline: str = ""
    inspector: str = ""
    world: World = field(default_factory=World)
    firms: list[Firm] = field(default_factory=list)
    keepers: list[Firm] = field(default_factory=list)
    residents: list[Any] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = Random(f"story:{self.seed}")
        self.truth = Truth(self.places.tree)
        self.world.people = population(self.elders, self.seed, self.today, self.places)
        by_county = Counter(one.area_code[:6] for one in self.world.people)
        self.firms = firms(self.elders, self.seed, self.places, by_county)
        visitors(self.elders, self.seed, self.firms, self.today, by_county)
        self.keepers, self.world.homes = homes(self.elders, self.seed, self.places, by_county, len(self.firms))
        self.residents = residents(self.seed, self.world.people, self.world.homes)
        for one, _ in self.residents:
            one.living = "INSTITUTION"
        self.serials = Counter((one.born_on, one.male) for one in self.world.people)
        self.now = datetime.combine(self.today, time(8), SHANGHAI)
        self.begun = self.today
        self.cases: list[Case] = []
        self.orders: dict[str, Order] = {}
        self.open: dict[str, Order] = {}
        self.rest: dict[tuple[int, str], int] = {}  # person, month → what is left of the voucher, fen
        self.voucher_area: dict[tuple[int, str], str] = {}
        self.vouched: dict[int, str] = {}  # persons with an open voucher entitlement → area
        self.refused: set[int] = set()
        self.debts: dict[tuple[str, str], int] = defaultdict(int)
        self.paid: list[tuple[int, str, int, str]] = []
        self.finished_today: list[Order] = []
        self.unjudged: list[Order] = []
        self.complaints: list[tuple[date, str, datetime, str, str]] = []
        self.items: list[dict[str, Any]] = []
        self.assessor_tokens: list[str] = []
        self.assessor_ids: list[str] = []
        self.tokens: dict[int, str] = {}
        self.applicants = self._applicants()

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Notes a failure where the platform's answer is not what must be."""
        if found != wanted:
            self.failures.append(f"{what}: {found}, not {wanted}")

    def _applicants(self) -> list[Person]:
        random = Random(f"applicants:{self.seed}")
        housed = {one.number for one, _ in self.residents}
        disabled = [one for one in self.world.people if one.level >= 2 and one.number not in housed]
        others = [one for one in self.world.people if one.level < 2 and one.number not in housed]
        wanted = round(self.elders * APPLICANTS)
        chosen = random.sample(disabled, min(len(disabled), round(wanted * 0.6)))
        chosen += random.sample(others, min(len(others), wanted - len(chosen)))
        random.shuffle(chosen)
        return chosen

    # --- identities ---

    async def identities(self) -> None:
        """Tokens of the officials, and how many assessors the city has."""
        city = "341100000000"
        count = max(6, 2 * round(50 * self.elders / 800_000 * 3))
        self.assessor_ids = [f"00000000-0000-7000-8000-{number:012x}" for number in range(1, count + 1)]
        people = [{"sub": "sim-office", "roles": ["official"], "area": city}, {"sub": "sim-hotline", "roles": ["hotline"], "area": city},
                  {"sub": "sim-inspector", "roles": ["inspector"], "area": city}]
        people += [{"sub": f"sim-assessor-{one}", "roles": ["assessor"], "area": city, "worker_id": one} for one in self.assessor_ids]
        self.office, self.hotline, self.inspector, *self.assessor_tokens = await self.gateway.tokens(people)

    async def worker_identities(self) -> None:
        """Tokens of firms and their workers."""
        pairs = [(firm, visitor) for firm in self.firms for visitor in firm.workers]
        ids = [firm.organisation_id for firm in self.firms]
        people = [{"sub": f"sim-firm-{one}", "roles": ["provider"], "organisation_id": one} for one in ids]
        people += [{"sub": f"sim-worker-{visitor.number}", "roles": ["worker"], "organisation_id": firm.organisation_id,
                    "worker_id": visitor.worker_id} for firm, visitor in pairs]
        tokens = await self.gateway.tokens(people)
        self.firm_tokens = dict(zip(ids, tokens, strict=False))
        self.worker_tokens = dict(zip((visitor.worker_id for _, visitor in pairs), tokens[len(self.firms) :], strict=True))
        self.visitor_of = {visitor.worker_id: visitor for _, visitor in pairs}
        self.firm_of = {firm.organisation_id: firm for firm in self.firms}
        catalogue = (await self.gateway.get(self.office, "/v1/catalogue"))["rows"]
        self.items = [item for item in catalogue if item["item_code"] not in NO_VOUCHER]

    # --- time ---

    async def move(self, at: time) -> None:
        """The clock moves on, and what became due happens; then the story catches up with it."""
        then = datetime.combine(self.today, at, SHANGHAI)
        if month_of(then) != month_of(self.now):
            self.truth.close(month_of(self.now), self.world)
        before, self.now = self.now, then
        await self.gateway.clock(self.now.isoformat())
        await self.gateway.quiet()
        self._timers(before)

    def _timers(self, before: datetime) -> None:
        """What the platform does by itself between two instants, by its published rules."""
        month = month_of(self.now)
        if month != month_of(before):
            for number, area in list(self.vouched.items()):
                self._issue(number, month, area)
        day = before.astimezone(SHANGHAI).date()
        while day <= self.today:
            if day.day == CASH_DAY and before < datetime.combine(day, time(), SHANGHAI) <= self.now:
                self._pay_cash(day)
            if day.isoweekday() == PAY_WEEKDAY and before < datetime.combine(day, PAY_TIME, SHANGHAI) <= self.now:
                self._pay_debts(day)
            day += timedelta(days=1)
        for order in list(self.open.values()):
            if order.state in ("placed", "offered") and order.wanted_to <= self.now:
                self._end(order, "unserved")
            elif order.state == "accepted" and order.wanted_to + timedelta(hours=4) <= self.now:
                self._end(order, "missed")

    def _pay_cash(self, day: date) -> None:
        month = month_of(day)
        for one in self.world.people:
            if one.number in self.world.cash:
                fen = CASH_FEN[self.world.levels[one.number]]
                self.paid.append((one.number, month, fen, one.area_code))
                self.truth.count("SU06", month, one.area_code, 1, 1)
                self.truth.count("SU07", month, one.area_code, 0, fen)

    def _pay_debts(self, day: date) -> None:
        for organisation_id, _ in self.debts:
            self.truth.count("SU06", month_of(day), f"{self.firm_of[organisation_id].county}000000", 1, 1)
        self.debts.clear()

    # --- people ---

    async def fates(self) -> None:
        """Deaths, changes and new elders of the morning."""
        random, world = self.random, self.world
        busy = {case.person.number for case in self.cases} | {order.person.number for order in self.open.values()}
        alive = [one for one in world.people if one.alive]
        quota = lambda rate: int(len(alive) * rate + random.random())  # noqa: E731
        assessed = {case.person.number for case in self.cases}
        for one in random.sample(alive, quota(DEATHS_A_DAY)):
            if one.number not in assessed:
                ago = random.choice((0, 1, 2) if one.number in busy else (0, 1, 3, 20, 50))
                await self._die(one, self.today - timedelta(days=ago))
        if self.today.day > CASH_DAY and month_of(self.today) != month_of(self.begun):  # money was paid to people who were dead by then
            late = [one for one in alive if "dies late" in one.tags and one.alive]
            for one in late[:2]:
                await self._die(one, self.today.replace(day=1) - timedelta(days=1))
        for one in random.sample(alive, quota(CHANGES_A_DAY)):
            if one.alive and one.living != "INSTITUTION":
                await self._change(one, random)
        for one in random.sample(alive, quota(MOVES_A_DAY)):
            if one.alive and one.number not in busy and one.number not in world.levels:
                await self._relocate(one, random)
        for _ in range(quota(NEW_A_DAY)):
            await self._arrive(random)

    async def _die(self, one: Person, died_on: date) -> None:
        await self.gateway.post(self.hotline, f"/v1/elders/{one.elder_id}:report-death", {"died_on": died_on.isoformat()})
        one.alive, one.died_on = False, died_on
        self.events["deaths"] += 1
        self.world.cash.discard(one.number)
        self.vouched.pop(one.number, None)
        self.world.stays.pop(one.number, None)
        for number, month, fen, area in self.paid:
            if number == one.number and month > month_of(died_on):
                self.truth.count("SU07", month, area, fen, 0)
                self.events["recoveries"] += 1
        for order in [order for order in self.open.values() if order.person is one]:
            if order.state in WAITING:
                self._end(order, "death")

    async def _change(self, one: Person, random: Random) -> None:
        if random.random() < 0.5:
            one.living = random.choice([way for way in ("ALONE", "SPOUSE_ONLY", "WITH_FAMILY", "LEFT_BEHIND") if way != one.living])
            body: dict[str, Any] = {"living": f"LIVING_{one.living}"}
        else:
            poor = {"DIBAO", "LOW_INCOME"} & set(one.hardships)
            kept = tuple(group for group in one.hardships if group not in poor)
            one.hardships = kept if poor else (*kept, random.choice(("DIBAO", "LOW_INCOME")))
            body = {"hardships": {"hardships": [f"HARDSHIP_{group}" for group in one.hardships]}}
        await self.gateway.post(self.office, f"/v1/elders/{one.elder_id}:change", body)
        self.events["changes"] += 1
        self._entitle(one)

    async def _relocate(self, one: Person, random: Random) -> None:
        one.area_code = random.choice(self.places.villages[random.choice(COUNTIES)])
        await self.gateway.post(self.office, f"/v1/elders/{one.elder_id}:change", {"area_code": one.area_code})
        self.events["moves"] += 1

    async def _arrive(self, random: Random) -> None:
        one = person(random, len(self.world.people), random.choice(COUNTIES), random.choice(BANDS[:2]), random.random() < 0.5, self.today,
                     self.places, self.serials)
        body = {
            "name": one.name, "id_number": one.id_number, "phone": one.phone, "address": one.address, "area_code": one.area_code,
            "lon": one.lon, "lat": one.lat, "living": f"LIVING_{one.living}", "hardships": [f"HARDSHIP_{group}" for group in one.hardships],
            "local_register": one.local_register, "contact_name": one.contact_name, "contact_phone": one.contact_phone,
        }
        one.elder_id = (await self.gateway.post(self.hotline, "/v1/elders", body))["elder"]["elder_id"]
        self.world.people.append(one)
        try:
            await self.gateway.post(self.hotline, "/v1/elders", body)
            self.failures.append("an elder was registered twice")
        except Refused as refusal:
            self.expect("second registration", refusal.status, 409)

    # --- assessment ---

    async def applications(self, days: int) -> None:
        """Today's applications: most in the first third of the story."""
        first = max(1, days // 3)
        passed = (self.today - self.begun).days
        share = 0.8 / first if passed < first else 0.2 / max(1, days - first)
        count = math.ceil(self.elders * APPLICANTS * share)
        chosen, self.applicants = self.applicants[:count], self.applicants[count:]

        async def apply(one: Person) -> None:
            if not one.alive:
                return
            channel = self._channel()
            told = await self.gateway.post(self.hotline, "/v1/applications", {
                "elder_id": one.elder_id, "reason": "ASSESSMENT_REASON_FIRST", "channel": f"CHANNEL_{channel}"})
            self.truth.count("DC02", month_of(self.now), one.area_code, int(channel in ("PORTAL", "MOBILE")), 1)
            await self._assign(one, told["application_id"], one.area_code)

        await self.gateway.each(apply, chosen)

    async def _assign(self, one: Person, application_id: str, area: str, without: tuple[int, ...] = ()) -> None:
        first, second = self.random.sample([at for at in range(len(self.assessor_ids)) if at not in without], 2)
        await self.gateway.post(self.office, f"/v1/applications/{application_id}:assign", {
            "assessor_ids": [self.assessor_ids[first], self.assessor_ids[second]]})
        assess_on = self.today + timedelta(days=self.random.choice((1, 1, 2, 3)))
        self.cases.append(Case(one, application_id, area, self.today, assess_on, (first, second)))

    async def assessments(self) -> None:
        """Visits of the assessors that are due, appeals, and approvals after publicity."""

        async def assess(case: Case) -> None:
            points, flags = answers(self.random, case.person.level)
            told = await self.gateway.post(self.assessor_tokens[case.assessors[0]], f"/v1/applications/{case.application_id}:complete", {
                "answers": points, **flags})
            self.expect(f"level of {points}, {flags}", told["level"], case.person.level)
            case.assessment_id, case.public_until = told["assessment_id"], datetime.fromisoformat(told["public_until"])
            case.appeals = self.random.random() < APPEAL
            case.completed_month = month_of(self.now)
            self.truth.count("AS04", case.completed_month, case.area_code, 1, 1)  # three days at most lie between
            self.truth.count("AS06", case.completed_month, case.area_code, 0, 1)
            self.truth.count("AS07", case.completed_month, case.area_code, 1, 1)

        async def appeal(case: Case) -> None:
            told = await self.gateway.post(self.hotline, f"/v1/assessments/{case.assessment_id}:appeal", {"channel": "CHANNEL_HOTLINE"})
            self.truth.count("AS06", case.completed_month, case.area_code, 1, 0)
            self.truth.count("DC02", month_of(self.now), case.person.area_code, 0, 1)  # the review is an application too, by telephone
            self.cases.remove(case)
            await self._assign(case.person, told["review_application_id"], case.area_code, case.assessors)
            self.events["appeals"] += 1

        async def approve(case: Case) -> None:
            await self.gateway.post(self.office, f"/v1/assessments/{case.assessment_id}:approve", {})
            self.cases.remove(case)
            self.world.levels[case.person.number] = case.person.level
            approved.append(case.person)

        approved: list[Person] = []
        ready = [case for case in self.cases if case.person.alive]
        await self.gateway.each(approve, [case for case in ready if case.public_until and case.public_until <= self.now])
        await self.gateway.each(appeal, [case for case in ready if case.appeals and case.public_until and case.public_until > self.now])
        await self.gateway.each(assess, [case for case in ready if not case.assessment_id and case.assess_on <= self.today])
        if approved:
            await self.gateway.quiet()
            for one in approved:
                self._entitle(one)
            await self._refuse_some(approved)

    # --- entitlements ---

    def _entitle(self, one: Person) -> None:
        """What follows from level and hardship, by the published policies."""
        level = self.world.levels.get(one.number)
        disabled = one.alive and level is not None and level >= 2
        if disabled and HELPED & set(one.hardships) and one.number not in self.refused:
            self.world.cash.add(one.number)
            if "asked" not in one.tags:
                one.tags.add("asked")
                if self.random.random() < 0.15 and self.now.date() < date(2026, 1, 31):
                    one.tags.add("dies late")
        else:
            self.world.cash.discard(one.number)
        if disabled and "TEKUN" not in one.hardships:
            if one.number not in self.vouched:
                self.vouched[one.number] = one.area_code
                self._issue(one.number, month_of(self.now), one.area_code)
        else:
            self.vouched.pop(one.number, None)

    def _issue(self, number: int, month: str, area: str) -> None:
        if (number, month) not in self.rest:
            self.rest[number, month] = VOUCHER_FEN
            self.voucher_area[number, month] = area
            self.world.vouchers.add((number, month))
            self.truth.count("SU05", month, area, 0, VOUCHER_FEN)

    async def _refuse_some(self, approved: list[Person]) -> None:
        """Some do not want the money that came without asking."""
        for one in approved:
            if one.number in self.world.cash and "dies late" not in one.tags and self.random.random() < REFUSE * 4:
                rows = (await self.gateway.get(self.hotline, "/v1/entitlements", elder_id=one.elder_id))["rows"]
                mine = [row for row in rows if row["policy_code"] == "home-care" and row["state"] == "STATE_OPEN"]
                self.expect("one open home-care entitlement", len(mine), 1)
                await self.gateway.post(self.hotline, f"/v1/entitlements/{mine[0]['entitlement_id']}:refuse", {})
                self.world.cash.discard(one.number)
                self.refused.add(one.number)
                self.events["refusals"] += 1

    # --- orders ---

    async def place(self, share: float) -> None:
        """A step's share of the day's orders, for one of the next days."""
        random, by_person = self.random, defaultdict(list)
        monday = MONDAY if self.today.isoweekday() == 1 else 1.0
        housed = self.world.stays
        for one in self.world.people:
            if one.alive and one.number not in housed and "dies late" not in one.tags:
                poor = self.world.levels.get(one.number) is not None and HELPED & set(one.hardships)
                rate = ORDERS_A_DAY["voucher" if one.number in self.vouched else "poor" if poor else "market"] * monday * share
                if random.random() < rate:
                    by_person[one.number].append(one)

        async def order(people: list[Person]) -> None:
            for one in people:
                await self._place(one)

        await self.gateway.each(order, list(by_person.values()))

    async def _place(self, one: Person) -> None:
        random = self.random
        item = random.choice(self.items)
        on = self.today + timedelta(days=random.choice((1, 1, 2, 3)))
        hour = random.choices((8, 9, 10, 11, 13, 14, 15, 16), (3, 4, 4, 2, 1, 4, 4, 2))[0]
        wanted_from = datetime.combine(on, time(hour), SHANGHAI)
        wanted_to = wanted_from + timedelta(hours=2)
        channel = self._channel()
        told = await self.gateway.post(self.hotline, "/v1/orders", {
            "elder_id": one.elder_id, "item_code": item["item_code"], "wanted_from": wanted_from.isoformat(),
            "wanted_to": wanted_to.isoformat(), "channel": f"CHANNEL_{channel}"})
        price, month = int(item["price_fen"]), month_of(wanted_from)
        due = math.floor(price * HOME_SHARE + 0.5)
        voucher = min(self.rest.get((one.number, month), 0), due) if one.number in self.vouched else 0
        self.expect(f"voucher of order {told['order_id']}", int(told["voucher_fen"]), voucher)
        if voucher:
            self.rest[one.number, month] -= voucher
        made = Order(
            told["order_id"], one, one.area_code, item["item_code"], item["planned_min"], price, voucher, month, wanted_from, wanted_to,
            cancels=random.random() < CANCEL,
        )
        self.orders[made.order_id] = self.open[made.order_id] = made
        self.truth.count("DI03", month, made.area_code, 0, 1)
        self.events["orders"] += 1

    def _end(self, order: Order, state: str) -> None:
        """An order that will not be served any more gives its voucher back."""
        order.state = state
        self.open.pop(order.order_id, None)
        self.events[state] += 1
        if state in ("cancelled", "death"):
            self.truth.count("DI03", order.month, order.area_code, 0, -1)
        self._give_back(order)

    def _give_back(self, order: Order) -> None:
        if order.voucher_fen and order.person.number in self.vouched:
            self.rest[order.person.number, order.month] += order.voucher_fen

    async def cancels(self) -> None:
        """Elders who do not want today's visit."""

        async def cancel(order: Order) -> None:
            await self.gateway.post(self.hotline, f"/v1/orders/{order.order_id}:cancel", {})
            self._end(order, "cancelled")

        today = [order for order in self.open.values() if order.cancels and order.wanted_from.date() == self.today]
        await self.gateway.each(cancel, [order for order in today if order.state in WAITING and order.person.alive])

    # --- firms and workers ---

    async def listen(self) -> int:
        """Each firm reads its feed and answers its offers; how many offers there were."""
        offers: list[tuple[Firm, dict[str, Any]]] = []

        async def poll(firm: Firm) -> None:
            while True:
                query = {"cursor": firm.cursor} if firm.cursor else {}
                page = await self.gateway.get(self.firm_tokens[firm.organisation_id], "/v1/feed", limit=500, **query)
                self.expect("the feed goes on where it ended", page["first"], firm.position + 1)
                self.expect("the feed counts what it withholds", page["last"] - page["first"] + 1, len(page["events"]) + page["withheld"])
                firm.cursor, firm.position = page["cursor"], page["last"]
                offers.extend((firm, event["data"]) for event in page["events"] if event["type"].endswith("OrderAssigned"))
                if page["last"] >= page["high_water"]:
                    return

        async def reply(offer: tuple[Firm, dict[str, Any]]) -> None:
            firm, told = offer
            order, visitor = self.orders[told["order_id"]], self.visitor_of[told["worker_id"]]
            month = month_of(datetime.fromisoformat(told["assigned_at"]))
            self.truth.count("DI01", month, order.area_code, 0, 1)
            if order.state not in ("placed", "offered"):
                return
            order.state, order.firm, order.visitor, order.attempt = "offered", firm, visitor, told["attempt"]
            order.planned_at = datetime.fromisoformat(told["planned_at"])
            dice = self.random.random()
            if dice < SILENT:
                return
            token = self.worker_tokens[visitor.worker_id]
            if dice < SILENT + DECLINE:
                await self.gateway.post(token, f"/v1/orders/{order.order_id}:decline", {})
                order.state = "placed"
                self.events["declined"] += 1
                return
            await self.gateway.post(token, f"/v1/orders/{order.order_id}:accept", {})
            order.state = "accepted"
            self.truth.count("DI01", month, order.area_code, 1, 0)

        await self.gateway.each(poll, self.firms)
        latest = {told["order_id"]: (firm, told) for firm, told in offers}
        # of several offers of one order only the newest can be answered; the others were withdrawn by the platform
        for _, told in offers:
            if latest[told["order_id"]][1] is not told:
                self.truth.count("DI01", month_of(datetime.fromisoformat(told["assigned_at"])), told["area_code"], 0, 1)
        await self.gateway.each(reply, list(latest.values()))
        return len(offers)

    def plan_day(self) -> None:
        """How today's visits will go, decided in the morning."""
        by_worker: dict[str, list[Order]] = defaultdict(list)
        for order in self.open.values():
            if order.state == "accepted" and order.visit is None and order.planned_at and order.visitor \
                    and order.planned_at.astimezone(SHANGHAI).date() == self.today:
                by_worker[order.visitor.worker_id].append(order)
        for worker_id, orders in sorted(by_worker.items()):
            day_of(self.random, self.visitor_of[worker_id], sorted(orders, key=lambda one: (one.planned_at, one.order_id)))

    async def visits(self) -> None:
        """What devices send now: arrivals and departures until this instant, per worker in their order."""
        by_worker: dict[str, list[tuple[datetime, int, Order]]] = defaultdict(list)
        for order in self.open.values():
            if order.visit and not order.visit.absent and order.visitor:
                if order.state == "accepted" and order.visit.begin <= self.now:
                    by_worker[order.visitor.worker_id].append((order.visit.begin, 0, order))
                if order.state in ("accepted", "arrived") and order.visit.end <= self.now:
                    by_worker[order.visitor.worker_id].append((order.visit.end, 1, order))

        async def send(worker_id: str) -> None:
            # a fake second visit is sent behind the true one, so that it is the later of the two
            for _, kind, order in sorted(by_worker[worker_id], key=lambda one: (one[2].cheat == "double", one[0], one[1])):
                await (self._leave if kind else self._arrive_at)(order)

        await self.gateway.each(send, sorted(by_worker))

    async def _arrive_at(self, order: Order) -> None:
        visit, token = order.visit, self.worker_tokens[order.visitor.worker_id]
        await self.gateway.post(token, f"/v1/orders/{order.order_id}:check-in", self._proof(visit.begin, visit.place_in))
        order.state = "arrived"

    async def _leave(self, order: Order) -> None:
        visit, token = order.visit, self.worker_tokens[order.visitor.worker_id]
        await self.gateway.post(token, f"/v1/orders/{order.order_id}:check-out", self._proof(visit.end, visit.place_out))
        order.state = "finished"
        self.open.pop(order.order_id)
        self.finished_today.append(order)
        self.unjudged.append(order)
        self.events["finished"] += 1
        month = month_of(self.now)
        late = math.floor((visit.begin - order.wanted_to).total_seconds() / 60)
        self.truth.count("DI02", month, order.area_code, int(late <= 15), 1)
        self.truth.count("DI03", order.month, order.area_code, 1, 0)
        self.truth.count("DI04", month, order.area_code, 0, 1)
        order.tags.add(f"finished {month}")
        if order.cheat:
            self.events[f"cheat {order.cheat}"] += 1

    def _proof(self, at: datetime, place: tuple[float, float] | None) -> dict[str, Any]:
        return {"at": at.isoformat()} | ({"lon": place[0], "lat": place[1]} if place else {})

    def _capture(self, order: Order) -> None:
        order.captured = True
        area = self.voucher_area[order.person.number, order.month]
        self.truth.count("SU05", order.month, area, order.voucher_fen, 0)
        self.debts[order.firm.organisation_id, order.month] += order.voucher_fen
        self.truth.count("SU09", month_of(self.now), order.area_code, 0, 1)
        order.tags.add(f"approved {month_of(self.now)}")

    # --- supervision ---

    async def judge(self) -> None:
        """The inspector decides what the audit held: an honest visit is to be paid, a faked one is not."""
        if not self.unjudged:
            return
        await self.gateway.quiet()
        held = await self._all("/v1/settlements", self.inspector, state="STATE_HELD")
        caught = {row["order_id"] for row in held}
        for order in self.unjudged:
            if order.cheat:
                self.expect(f"a visit faked by {order.cheat} is held", order.order_id in caught, True)
                self._give_back(order)
            elif order.voucher_fen:
                self._capture(order)
        self.unjudged.clear()

        async def decide(row: dict[str, Any]) -> None:
            order = self.orders[row["order_id"]]
            await self.gateway.post(self.inspector, f"/v1/settlements/{row['settlement_id']}:decide", {"approve": not order.cheat})
            self.events["held, faked" if order.cheat else "held, honest"] += 1

        await self.gateway.each(decide, held)

    async def supervise(self) -> None:
        """The evening: audits, calls to elders, complaints, inspections on site."""
        await self.judge()
        await self._follow_up()
        await self._complain()
        await self._verify()
        self.finished_today.clear()

    async def _follow_up(self) -> None:
        async def call(order: Order) -> None:
            reached = self.random.random() < REACHED
            body: dict[str, Any] = {"reached": reached}
            if reached:
                body["satisfied"] = self.random.random() < SATISFIED
            await self.gateway.post(self.hotline, f"/v1/orders/{order.order_id}:follow-up", body)
            if reached:
                finished = next(tag for tag in order.tags if tag.startswith("finished")).split()[1]
                self.truth.count("DI04", finished, order.area_code, 1, 0)
                self.truth.count("DI05", month_of(self.now), order.area_code, int(body["satisfied"]), 1)

        await self.gateway.each(call, [order for order in self.finished_today if self.random.random() < FOLLOW_UP])

    async def _complain(self) -> None:
        async def file(order: Order) -> None:
            told = await self.gateway.post(self.hotline, "/v1/complaints", {"order_id": order.order_id, "channel": "CHANNEL_HOTLINE"})
            month = month_of(self.now)
            self.truth.count("DI06", month, order.area_code, 0, 1)
            close_on = self.today + timedelta(days=self.random.choice((1, 3, 5, 9)))
            self.complaints.append((close_on, told["complaint_id"], datetime.fromisoformat(told["due_at"]), month, order.area_code))

        async def close(complaint: tuple[date, str, datetime, str, str]) -> None:
            _, complaint_id, due_at, month, area = complaint
            await self.gateway.post(self.office, f"/v1/complaints/{complaint_id}:close", {"upheld": self.random.random() < 0.5})
            self.truth.count("DI06", month, area, int(self.now <= due_at), 0)

        ripe = [one for one in self.complaints if one[0] <= self.today]
        self.complaints = [one for one in self.complaints if one[0] > self.today]
        await self.gateway.each(close, ripe)
        await self.gateway.each(file, [order for order in self.finished_today if self.random.random() < COMPLAIN])

    async def _verify(self) -> None:
        chosen = [order for order in self.finished_today if order.captured and self.random.random() < VERIFY]
        if not chosen:
            return
        rows = {row["order_id"]: row for row in await self._all("/v1/settlements", self.inspector, state="STATE_APPROVED")}

        async def verify(order: Order) -> None:
            await self.gateway.post(self.inspector, f"/v1/settlements/{rows[order.order_id]['settlement_id']}:verify", {"genuine": True})
            approved = next(tag for tag in order.tags if tag.startswith("approved")).split()[1]
            self.truth.count("SU09", approved, order.area_code, 1, 0)

        await self.gateway.each(verify, chosen)

    async def _all(self, path: str, token: str, **query: Any) -> list[dict[str, Any]]:
        rows, after = [], ""
        while True:
            page = await self.gateway.get(token, path, limit=500, after=after, **query)
            rows += page["rows"]
            after = page["next"]
            if not after:
                return rows

    def _channel(self) -> str:
        return self.random.choices([name for name, _ in CHANNELS], [share for _, share in CHANNELS])[0]

    # --- a day ---

    async def day(self, days: int, progress: Callable[[str], None]) -> None:
        """One day from morning to evening."""
        for at, share in STEPS:
            await self.move(at)
            progress(f"{self.today} {at:%H:%M}")
            await self.visits()
            if at == STEPS[0][0]:
                await self.listen()
                self.plan_day()
                await self.fates()
                await self.gateway.quiet()
                await self.cancels()
                await self.assessments()
                await self.applications(days)
            elif at < PLANNING:
                await self.listen()
                self.plan_day()
            if share:
                await self.place(share)
            if at == BEFORE_PAY and self.today.isoweekday() == PAY_WEEKDAY:
                await self.judge()
            if at == PLANNING:
                for _ in range(5):
                    if not await self.listen():
                        break
                    await self.gateway.quiet()
            if at == EVENING:
                await self.supervise()
        self.today += timedelta(days=1)
