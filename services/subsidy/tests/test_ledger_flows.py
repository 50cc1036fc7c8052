"""Not a fen is lost: whatever happens in whatever order, debits equal credits and the ledger shows
what the tables show.
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from eldercare.subsidy.v1 import api_pb2 as pb
from eldercare.subsidy.v1.api_pb2 import ReserveVoucher
from eldercare.supervision.v1 import events_pb2 as supervision
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from kit.contracts import ids
from kit.contracts.clock import SHANGHAI
from kit.db.store import Store
from kit.messaging.records import Kept
from subsidy.holds import flows as holds
from subsidy.ledger.flows import Move, book
from subsidy.ledger.rules import Account
from subsidy.payments.rules import PaymentKind
from subsidy.payments.tables import Debt, Payment
from subsidy.recoveries.errors import NothingPaid
from subsidy.recoveries.flows import collecting
from subsidy.recoveries.rules import DUE
from subsidy.recoveries.tables import Recovery
from subsidy.replicas.rules import Hardship, Status
from subsidy.runs.rules import month_after, month_of
from subsidy.settings import GROUP
from subsidy.testing import (
    COUNTY,
    ELSEWHERE,
    VILLAGE,
    a_cancellation,
    a_dispute,
    a_refused_audit,
    an_approval,
    an_audit,
    an_elder,
    an_official,
    an_order,
    an_organisation,
)
from testkit.delivery import a_record, deliver, deliver_records, fire

Rows = Callable[..., Awaitable[list[dict[str, Any]]]]

# what each account must show, by the tables alone
ACCOUNTS = """
with shown as (
    select area_code, 2 as account,
        sum(issued_fen - reserved_fen - captured_fen - lapsed_fen) as fen
    from voucher group by area_code
    union all select area_code, 3, sum(reserved_fen) from voucher group by area_code
    union all
    select area_code, 4, sum(captured_fen) from debt
    where payment_id is null and reversed_at is null group by area_code
    union all
    select debt.area_code, 5, sum(captured_fen) from debt
    where payment_id is not null group by debt.area_code
    union all
    select area_code, 5, sum(paid_fen) from payment where kind in (2, 3) group by area_code
    union all
    select area_code, 5, -sum(claimed_fen) from recovery where state <> 6 group by area_code
    union all select area_code, 6, sum(lapsed_fen) from voucher group by area_code
    union all
    select area_code, 7, sum(claimed_fen - repaid_fen - waived_fen) from recovery
    where state <> 6 group by area_code
    union all select area_code, 8, sum(waived_fen) from recovery group by area_code
    union all select area_code, 1, sum(repaid_fen) from recovery group by area_code
    union all select area_code, 1, -sum(issued_fen) from voucher group by area_code
    union all
    select area_code, 1, -sum(paid_fen) from payment where kind in (2, 3) group by area_code
), booked as (
    select area_code, account, sum(debit_fen - credit_fen) as fen from ledger_entry group by 1, 2
), expected as (
    select area_code, account, sum(fen) as fen from shown group by 1, 2
)
select area_code, account, booked.fen as booked, expected.fen as shown
from expected full join booked using (area_code, account)
where coalesce(booked.fen, 0) <> coalesce(expected.fen, 0)
"""
HELD = """
select voucher_id from voucher left join hold using (voucher_id)
group by voucher_id, voucher.reserved_fen
having voucher.reserved_fen
    <> coalesce(sum(held_fen) filter (where hold.state in (1, 2)), 0)
"""

# of nobody who is known to be dead a visit after the death stays owed or paid; a voucher's used
# part is the sum of its debts
AFTER_DEATH = """
select settlement_id
from debt join voucher using (voucher_id) join elder using (elder_id)
where elder.died_on < visited_on and reversed_at is null and recovery_id is null
"""
CAPTURED = """
select voucher_id from voucher left join debt using (voucher_id)
group by voucher_id, voucher.captured_fen
having voucher.captured_fen
    <> coalesce(sum(debt.captured_fen) filter (where reversed_at is null), 0)
"""

PERSON = st.integers(0, 2)
ORDER = st.integers(0, 4)
PRICE = st.integers(1, 120_000)
DISPUTE = (
    supervision.SettlementHeld,
    supervision.SettlementReleased,
    supervision.SettlementClosed,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("level"), PERSON, st.integers(0, 4)),
        st.tuples(
            st.just("hardship"), PERSON, st.sampled_from([(), (Hardship.DIBAO,), (Hardship.TEKUN,)])
        ),
        st.tuples(st.just("moves"), PERSON, st.sampled_from([VILLAGE, ELSEWHERE])),
        st.tuples(st.just("dies"), PERSON, st.integers(0, 100)),
        st.tuples(st.just("reserve"), PERSON, ORDER, PRICE, st.booleans()),
        st.tuples(st.just("placed"), ORDER, st.integers(0, 60_000)),
        st.tuples(st.just("cancel"), ORDER),
        st.tuples(st.just("audit"), ORDER, st.integers(0, 10)),
        st.tuples(st.just("refuse_audit"), ORDER),
        st.tuples(
            st.just("dispute"), ORDER, st.lists(st.sampled_from(DISPUTE), min_size=1, max_size=3)
        ),
        st.tuples(
            st.just("collect"), st.sampled_from(["repay", "defer", "waive"]), st.integers(1, 90_000)
        ),
        st.tuples(st.just("raise_claim"), st.integers(0, 5), st.integers(1, 90_000)),
        st.tuples(st.just("sweep")),
        st.tuples(st.just("days_pass"), st.integers(1, 40)),
        st.tuples(st.just("again"), st.integers(0, 20)),
    ),
    min_size=5,
    max_size=25,
)


class Life:
    """Three elders, five orders, one provider; what was delivered is kept so that it can come
    again.
    """

    def __init__(self, city: Store) -> None:
        self.city = city
        self.elders = [ids.new() for _ in range(3)]
        self.states: list[dict[str, Any]] = [{} for _ in self.elders]
        self.orders: dict[int, tuple[UUID, UUID]] = {}
        self.promised: dict[int, int] = {}
        self.provider = ids.new()
        self.delivered: list[Kept] = []

    async def begin(self) -> None:
        await self._deliver(an_organisation(self.provider))
        for elder_id in self.elders:
            await self._deliver(an_elder(elder_id))
            await self._deliver(
                an_approval(
                    elder_id, 3, valid_to=date(2199, 1, 1), approved_at=self.city.clock.real()
                )
            )

    async def level(self, person: int, level: int) -> None:
        await self._deliver(
            an_approval(
                self.elders[person],
                level,
                valid_to=date(2199, 1, 1),
                approved_at=self.city.clock.real(),
            )
        )

    async def hardship(self, person: int, hardships: tuple[Hardship, ...]) -> None:
        await self._state(person, hardships=hardships)

    async def moves(self, person: int, area_code: str) -> None:
        await self._state(person, area_code=area_code)

    async def dies(self, person: int, days_ago: int) -> None:
        await self._state(
            person, status=Status.DEAD, died_on=self.city.clock.today() - timedelta(days=days_ago)
        )

    async def reserve(self, person: int, order: int, price_fen: int, ahead: bool) -> None:
        order_id, elder_id = self.orders.setdefault(order, (ids.new(), self.elders[person]))
        month = month_of(self.city.clock.today())
        month = month_after(month) if ahead else month
        command = ReserveVoucher(
            order_id=str(order_id), elder_id=str(elder_id), month=month, price_fen=price_fen
        )
        async with self.city.transaction() as session:
            first = await holds.reserve(session, command, self.city.clock.real())
        async with self.city.transaction() as session:
            second = await holds.reserve(session, command, self.city.clock.real())
        assert first == second or not first.reserved_fen
        self.promised[order] = first.reserved_fen

    async def placed(self, order: int, voucher_fen: int) -> None:
        if order in self.orders:
            self.promised[order] = voucher_fen
            await self._deliver(
                an_order(*self.orders[order], voucher_fen, wanted_from=self.city.clock.now())
            )

    async def cancel(self, order: int) -> None:
        if order in self.orders:
            await self._deliver(a_cancellation(*self.orders[order]))

    async def audit(self, order: int, days_ago: int) -> None:
        if order in self.orders:
            visited_on = self.city.clock.today() - timedelta(days=days_ago)
            whose = *self.orders[order], self.provider, self.promised[order]
            await self._deliver(
                an_audit(
                    *whose,
                    approved_at=self.city.clock.now(),
                    settlement_id=self.orders[order][0],
                    visited_on=visited_on,
                )
            )

    async def refuse_audit(self, order: int) -> None:
        if order in self.orders:
            await self._deliver(a_refused_audit(*self.orders[order], self.provider, 5000))

    async def dispute(self, order: int, kinds: list[type[Message]]) -> None:
        if order in self.orders:
            for kind in kinds:
                event = a_dispute(kind, *self.orders[order], self.provider, self.promised[order])
                event.settlement_id = str(self.orders[order][0])
                await self._deliver(event)

    async def collect(self, what: str, fen: int) -> None:
        today = self.city.clock.today()
        async with self.city.transaction() as session:
            due = col(Recovery.state).in_(DUE)
            recovery = (await session.exec(select(Recovery).where(due).limit(1))).first()
            if recovery is None:
                return
            key = {"recovery_id": str(recovery.recovery_id)}
            if what == "repay":
                part = min(fen, recovery.outstanding_fen)
                request = pb.RepayRecovery(**key, repaid_fen=part, repaid_on=today.isoformat())
                await collecting.repay(session, request, an_official())
            elif what == "defer":
                until = (today + timedelta(days=3)).isoformat()
                request = pb.DeferRecovery(**key, deferred_until=until, reason="待核")
                await collecting.defer(session, request, an_official())
            else:
                request = pb.WaiveRecovery(**key, reason="无遗产")
                await collecting.waive(session, request, an_official("official-2"))

    async def raise_claim(self, which: int, fen: int) -> None:
        try:
            async with self.city.transaction() as session:
                paid = (await session.exec(select(Payment).order_by(Payment.payment_id))).all()
                if not paid:
                    return
                payment = paid[which % len(paid)]
                request = pb.OpenRecovery(
                    payment_id=str(payment.payment_id), claimed_fen=fen, reason="重复"
                )
                if payment.kind == PaymentKind.SETTLEMENT:
                    of = col(Debt.payment_id) == payment.payment_id
                    debt = (await session.exec(select(Debt).where(of).limit(1))).one()
                    request.settlement_id = str(debt.settlement_id)
                await collecting.raise_claim(session, request, an_official())
        except NothingPaid:
            return

    async def sweep(self) -> None:
        async with self.city.transaction() as session:
            await holds.expire(session, self.city.clock.real() + timedelta(hours=1), 100)

    async def days_pass(self, count: int) -> None:
        until = self.city.clock.now() + timedelta(days=count)
        while (now := self.city.clock.now()) < until:
            # never past a month's end in one step: runs of several months may not fall together
            midnight = datetime.combine(
                now.astimezone(SHANGHAI).date() + timedelta(days=1), datetime.min.time(), SHANGHAI
            )
            self.city.clock.set(min(until, midnight))
            await fire(self.city, GROUP)

    async def again(self, which: int) -> None:
        if self.delivered:
            outcomes = await deliver_records(
                self.city, GROUP, [self.delivered[which % len(self.delivered)]]
            )
            assert outcomes["applied"] == 0

    async def _state(self, person: int, **changes: Any) -> None:
        # who is dead stays dead
        if self.states[person].get("status") == Status.DEAD and "status" not in changes:
            return
        self.states[person] |= changes
        await self._deliver(an_elder(self.elders[person], **self.states[person]))

    async def _deliver(self, event: Message) -> None:
        record = a_record(event, self.city.clock.now())
        outcomes = await deliver_records(self.city, GROUP, [record], careful=True)
        assert outcomes.keys() <= {"applied", "waiting", "parked", "held"}
        if outcomes["applied"]:
            self.delivered.append(record)


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
async def test_any_life_keeps_the_ledger_equal_to_the_fen(
    city: Store, rows: Rows, steps: list[tuple[Any, ...]]
) -> None:
    life = Life(city)
    await life.begin()

    for verb, *words in steps:
        await getattr(life, verb)(*words)

    assert await rows(ACCOUNTS) == []
    assert await rows(HELD) == []
    assert await rows("select from parked where not held and reason <> 'VOUCHER_TOO_SHORT'") == []
    assert await rows(CAPTURED) == []
    assert await rows(AFTER_DEATH) == []
    assert (
        await rows(
            "select area_code from ledger_entry group by 1 having sum(debit_fen) <> sum(credit_fen)"
        )
        == []
    )
    before = await rows("select count(*) from outbox")
    await deliver_records(city, GROUP, life.delivered)
    await fire(city, GROUP)
    assert await rows("select count(*) from outbox") == before


async def test_half_of_a_movement_is_refused(city: Store) -> None:
    half = """
        insert into ledger_entry (
            account, area_code, debit_fen, credit_fen, document, document_id, booked_at)
        values (1, $1, 100, 0, 'VoucherIssued', $2, now())
    """

    with pytest.raises(asyncpg.CheckViolationError, match="debits 100 and credits 0"):
        async with city.transaction() as session:
            await (await session.driver()).execute(half, COUNTY, ids.new())


@pytest.mark.parametrize(
    "change",
    [
        "update ledger_entry set debit_fen = debit_fen + 1",
        "delete from ledger_entry",
        "update payment set paid_fen = 1",
        "delete from payment",
    ],
)
async def test_what_was_booked_cannot_be_changed(city: Store, change: str) -> None:
    async with city.transaction() as session:
        await book(
            session, Move("VoucherIssued", ids.new(), COUNTY, Account.FUND, Account.ISSUED, 100)
        )

    with pytest.raises(asyncpg.CheckViolationError, match="append-only"):
        async with city.transaction() as session:
            await (await session.driver()).execute(change)


async def test_an_entitlement_cannot_overlap_another_of_the_same_person_and_policy(
    city: Store, rows: Rows
) -> None:
    elder_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    copy = """
        insert into entitlement
        select gen_random_uuid(), elder_id, area_code, policy_code, policy_version, kind, level,
            monthly_fen, 3, valid_from - 5, valid_from + 1, 3, opened_at, 1
        from entitlement
    """

    with pytest.raises(asyncpg.ExclusionViolationError):
        async with city.transaction() as session:
            await (await session.driver()).execute(copy)
