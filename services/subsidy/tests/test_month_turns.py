"""A month turns: levels and policies end and begin at its first instant, and so do its runs. What
comes of it follows from that day, in whatever order the timers fire and however late.
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from eldercare.subsidy.v1.api_pb2 import ReserveVoucher
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kit.contracts import ids
from kit.contracts.clock import SHANGHAI, Clock
from kit.db.personal import KeyRing
from kit.db.store import Store
from kit.runtime.timers import set_timer
from subsidy.__main__ import begin
from subsidy.entitlements.flows import monthly, reviewing
from subsidy.holds import flows as holds
from subsidy.policies import flows as policies
from subsidy.replicas.rules import Hardship
from subsidy.settings import GROUP
from subsidy.testing import BEGIN, a_cancellation, an_approval, an_elder
from subsidy.vouchers.flows import lapsing
from testkit.databases import Databases
from testkit.delivery import deliver, fire

TURN = date(2026, 4, 1)
EARLIER = date(2025, 7, 1)  # a version of before, of 600 yuan a month
FOR_EVER = date(2199, 1, 1)
EDGES = st.sampled_from([TURN + timedelta(days=days) for days in (-1, 0, 0, 0, 1, 2)])
KINDS = (monthly.ISSUE, lapsing.LAPSE, reviewing.REVIEW, policies.REVIEW)

_DUE = "select kind, key from due where at <= $1 and kind = any($2)"
_SET = "update due set at = $3 where kind = $1 and key = $2"
_FIRST = "update due set at = $2 where kind = $1 and at <= $3"
_OLDER = """
update entitlement set policy_version = $1, monthly_fen = 60000 where policy_code = $2"""
_VOUCHERS = """
select elder_id, month, policy_version, issued_fen, reserved_fen, lapsed_fen, lapsed_at is not null
    as is_over
from voucher"""
_ENTITLEMENTS = """
select elder_id, policy_code, policy_version, level, monthly_fen, state, cause, valid_from, valid_to
from entitlement"""
_LEDGER = """
select area_code, account, sum(debit_fen - credit_fen)::bigint as fen from ledger_entry
group by area_code, account"""


class Person(NamedTuple):
    """ends: of the first level. then: the level that is heard of in March, and since when it holds.
    ahead: with an order for the month to come, before that is heard.
    """

    level: int
    ends: date
    then: tuple[int, date] | None
    poor: bool
    ahead: bool


PERSON = st.builds(
    Person,
    level=st.sampled_from([1, 2, 3]),
    ends=EDGES | st.just(FOR_EVER),
    then=st.none() | st.tuples(st.sampled_from([1, 3, 4]), EDGES),
    poor=st.booleans(),
    ahead=st.booleans(),
)


class City:
    """The service in March, and what happens to it when April comes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.elders: list[UUID] = []
        self.orders: list[UUID] = []
        self.held: dict[tuple[int, str], int] = {}

    async def live_in_march(self, people: list[Person], *, cap_changes: bool) -> None:
        await begin(self.store)
        await fire(self.store, GROUP)
        for number, person in enumerate(people):
            self.elders.append(ids.new())
            self.orders.append(ids.new())
            hardships = [Hardship.DIBAO] if person.poor else []
            await self._hear(an_elder(self.elders[number], hardships=hardships))
            await self._hear(an_approval(self.elders[number], person.level, valid_to=person.ends))
            await self.order(number, "2026-03", self.orders[number])
            if person.ahead:
                await self.order(number, "2026-04")
        self.clock.set(datetime(2026, 3, 20, 1, tzinfo=SHANGHAI))
        for number, person in enumerate(people):
            if person.then:
                level, since = person.then
                of = self.elders[number]
                await self._hear(
                    an_approval(
                        of, level, valid_from=since, valid_to=FOR_EVER, approved_at=self.clock.now()
                    )
                )
        self.clock.set(datetime(2026, 3, 31, 20, tzinfo=SHANGHAI))
        await fire(self.store, GROUP)
        if cap_changes:
            await self._decided_by_an_earlier_version()

    async def _decided_by_an_earlier_version(self) -> None:
        """Of which the present one is the successor from April on."""
        async with self.store.transaction() as session:
            driver = await session.driver()
            await driver.execute(_OLDER, EARLIER, "national-voucher")
            at = datetime.combine(TURN, time(), SHANGHAI)
            set_timer(session, at, policies.REVIEW, f"national-voucher/{TURN}/1")

    async def turn(self, order: Random | None, *, days_late: int, together: bool) -> None:
        """Fires what is due, and has everybody order: the timers by their names and then the
        orders, or in a random order.

        together: timers between two orders fire in one transaction.
        """
        since = datetime.combine(TURN + timedelta(days=days_late), time(), SHANGHAI)
        steps = [*await self._due(since), *await self._entitled()]
        if order:
            order.shuffle(steps)
        instants = [since + timedelta(seconds=number) for number in range(len(steps))]
        for step, instant in zip(steps, instants, strict=True):
            if isinstance(step, tuple):
                await self.write(_SET, *step, instant)
        for step, instant in zip(steps, instants, strict=True):
            if isinstance(step, int):
                self.clock.set(instant)
                await fire(self.store, GROUP)
                await self._hear(a_cancellation(self.orders[step], self.elders[step]))
                await self.order(step, "2026-03")
                await self.order(step, "2026-04")
            elif not together:
                self.clock.set(instant)
                await fire(self.store, GROUP)
        self.clock.set(since + timedelta(hours=1))
        await fire(self.store, GROUP)

    async def _due(self, since: datetime) -> list[tuple[str, str]]:
        names = [str(elder_id) for elder_id in self.elders]
        found = [(row["kind"], row["key"]) for row in await self.rows(_DUE, since, KINDS)]
        # the same order in every city: ids of elders are made anew
        return sorted(
            found,
            key=lambda due: (
                KINDS.index(due[0]) if due[0] in KINDS[:2] else -1,
                names.index(due[1]) if due[1] in names else -1,
                due[0],
            ),
        )

    async def _entitled(self) -> list[int]:
        """Who is newly entitled in April orders when that is written, a moment later."""
        found = await self.rows("select elder_id from entitlement where kind = 1 and state = 1")
        return sorted(self.elders.index(row["elder_id"]) for row in found)

    async def order(self, number: int, month: str, order_id: UUID | None = None) -> None:
        command = ReserveVoucher(
            order_id=str(order_id or ids.new()),
            elder_id=str(self.elders[number]),
            month=month,
            price_fen=10_000,
        )
        async with self.store.transaction() as session:
            reserved = await holds.reserve(session, command, self.clock.real())
        self.held[number, month] = reserved.reserved_fen

    async def outcome(self) -> dict[str, Any]:
        return {
            "vouchers": self._of_people(await self.rows(_VOUCHERS)),
            "entitlements": self._of_people(await self.rows(_ENTITLEMENTS)),
            "ledger": sorted(tuple(row.values()) for row in await self.rows(_LEDGER) if row["fen"]),
            "held": self.held,
        }

    def _of_people(self, rows: list[dict[str, Any]]) -> list[str]:
        return sorted(
            f"{self.elders.index(row.pop('elder_id'))} {sorted(row.items())}" for row in rows
        )

    async def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        async with self.store.reading() as session:
            return [dict(row) for row in await (await session.driver()).fetch(statement, *values)]

    async def write(self, statement: str, *values: object) -> None:
        async with self.store.transaction() as session:
            await (await session.driver()).execute(statement, *values)

    async def _hear(self, event: Any) -> None:
        await deliver(self.store, GROUP, event)


Cities = Callable[[], Awaitable[City]]


@pytest.fixture
def cities(database: Databases, clock_at: Callable[[datetime], Clock], ring: KeyRing) -> Cities:
    """`await cities()` = one of its own."""

    async def make() -> City:
        clock = clock_at(BEGIN)
        store = Store(await database(), service="subsidy", clock=clock, vault=ring, pool_size=2)
        return City(store, clock)

    return make


@pytest.mark.timeout(300)
@settings(
    max_examples=10,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    people=st.lists(PERSON, min_size=2, max_size=5),
    cap_changes=st.booleans(),
    days_late=st.sampled_from([0, 0, 0, 1, 3]),
    together=st.booleans(),
    order=st.randoms(use_true_random=False),
)
async def test_a_month_turns_alike_in_whatever_order_its_timers_fire(
    cities: Cities,
    people: list[Person],
    cap_changes: bool,
    days_late: int,
    together: bool,
    order: Random,
) -> None:
    outcomes = []
    for how in (None, order):
        city = await cities()
        await city.live_in_march(people, cap_changes=cap_changes)
        await city.turn(how, days_late=days_late, together=together)
        outcomes.append(await city.outcome())
        await city.store.close()

    assert outcomes[1] == outcomes[0]


@pytest.mark.parametrize("kinds", [KINDS, KINDS[::-1]])
async def test_what_a_month_gives_follows_from_its_first_day(
    cities: Cities, kinds: tuple[str, ...]
) -> None:
    stays, ends, begins, ends_later = (
        Person(3, FOR_EVER, None, False, False),
        Person(3, TURN, None, False, False),
        Person(1, FOR_EVER, (3, TURN), False, False),
        Person(3, TURN + timedelta(days=1), None, False, False),
    )
    falls = Person(3, FOR_EVER, (1, TURN), False, True)
    city = await cities()
    await city.live_in_march([stays, ends, begins, ends_later, falls], cap_changes=True)

    city.clock.set(datetime.combine(TURN, time(), SHANGHAI))
    # at one instant the earlier one of two timers fires first
    for number, kind in enumerate(kinds):
        at = city.clock.now() - timedelta(seconds=len(kinds) - number)
        await city.write(_FIRST, kind, at, city.clock.now())
    await fire(city.store, GROUP)

    april = await city.rows(
        "select elder_id, issued_fen, lapsed_fen, reserved_fen from voucher where month = '2026-04'"
    )
    assert {city.elders.index(row.pop("elder_id")): tuple(row.values()) for row in april} == {
        0: (80000, 0, 0),
        2: (80000, 0, 0),
        3: (80000, 0, 0),
        4: (80000, 75000, 5000),
    }
    await city.store.close()
