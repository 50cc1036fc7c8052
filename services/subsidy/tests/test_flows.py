"""Row, message, refusal: flows on a real PostgreSQL, several at once, and killed on their way."""

import asyncio
import json
import signal
import sys
from datetime import date, timedelta
from uuid import UUID

import pytest
from eldercare.subsidy.v1 import events_pb2 as said
from eldercare.subsidy.v1.api_pb2 import RefuseEntitlement, ReserveVoucher

from kit.contracts import ids
from kit.contracts.refusals import NotFound
from kit.db.store import Store
from kit.messaging import snapshots
from kit.rpc.methods import Call
from kit.security.access import Caller
from subsidy.consumers import GROUP
from subsidy.errors import EntitlementNotOpen
from subsidy.flows import entitlements, policies, runs, vouchers
from subsidy.rules.kinds import Hardship, Status
from subsidy.snapshots import SNAPSHOT_SOURCES
from subsidy.testing import (
    CITY,
    COUNTY,
    ELSEWHERE,
    VILLAGE,
    an_approval,
    an_audit,
    an_elder,
    an_order,
    an_organisation,
)
from testkit.telling import fire, tell

PEOPLE = """insert into entitlement (entitlement_id, elder_id, area_code, policy_code, policy_version, kind, level, monthly_fen, state,
        valid_from, opened_at, version)
    select gen_random_uuid(), gen_random_uuid(), $2, $3, '2026-01-01', $4, 3, $5, 1, '2026-02-01', now(), 1 from generate_series(1, $1)"""


async def entitle(
    city: Store,
    count: int,
    policy_code: str = "national-voucher",
    kind: int = 1,
    monthly_fen: int = 80000,
) -> None:
    async with city.transaction() as session:
        await (await session.driver()).execute(
            PEOPLE, count, VILLAGE, policy_code, kind, monthly_fen
        )


def a_call(session, role="official", **scope) -> Call:
    return Call(Caller("li", "tests", frozenset({role}), **scope), "1", "portal", session.now, "1")


async def messages(rows, kind: type) -> list:
    found = await rows("select headers, payload from outbox order by seq")
    return [
        kind.FromString(row["payload"])
        for row in found
        if json.loads(row["headers"])["ce_type"] == kind.DESCRIPTOR.full_name
    ]


async def test_opening_says_what_is_given_and_since_when(city, rows):
    elder_id = ids.new()

    await tell(
        city, GROUP, an_elder(elder_id, hardships=[Hardship.DIBAO]), an_approval(elder_id, 4)
    )

    cash, voucher = await messages(rows, said.EntitlementOpened)
    assert (cash.policy_code, cash.monthly_fen, cash.level, cash.valid_from) == (
        "home-care",
        26000,
        4,
        "2026-03-02",
    )
    assert (voucher.policy_code, voucher.monthly_fen, voucher.policy_version) == (
        "national-voucher",
        80000,
        "2026-01-01",
    )
    (issued,) = await messages(rows, said.VoucherIssued)
    assert (issued.elder_id, issued.month, issued.issued_fen) == (str(elder_id), "2026-03", 80000)


async def test_a_late_death_is_told_with_its_own_day_and_claims_each_wrong_month(city, rows, at):
    elder_id = ids.new()
    await tell(city, GROUP, an_elder(elder_id, hardships=[Hardship.DIBAO]), an_approval(elder_id))
    for day in ("2026-03-10 00:00", "2026-04-10 00:00"):
        at(day)
        await fire(city, GROUP)

    await tell(
        city,
        GROUP,
        an_elder(
            elder_id, hardships=[Hardship.DIBAO], status=Status.DEAD, died_on=date(2026, 3, 5)
        ),
    )

    closed = await messages(rows, said.EntitlementClosed)
    assert {(one.cause, one.closed_on) for one in closed} == {
        (said.EntitlementClosed.CAUSE_DEATH, "2026-03-05")
    }
    (recovery,) = await messages(rows, said.RecoveryOpened)
    assert (recovery.month, recovery.claimed_fen, recovery.cause) == (
        "2026-04",
        18000,
        said.EntitlementClosed.CAUSE_DEATH,
    )
    paid = await messages(rows, said.PaymentMade)
    assert [(one.month, one.paid_fen, one.due_on, one.paid_on) for one in paid] == [
        ("2026-03", 18000, "2026-03-10", "2026-03-10"),
        ("2026-04", 18000, "2026-04-10", "2026-04-10"),
    ]


async def test_a_payment_that_comes_after_its_day_says_so(city, rows, at):
    elder_id = ids.new()
    await tell(city, GROUP, an_elder(elder_id, hardships=[Hardship.DIBAO]), an_approval(elder_id))

    at("2026-03-12 09:00")
    await fire(city, GROUP)

    (paid,) = await messages(rows, said.PaymentMade)
    assert (paid.due_on, paid.paid_on) == ("2026-03-10", "2026-03-12")


@pytest.mark.parametrize("run_at", ["2026-03-10 00:00", "2026-03-12 09:00"])
async def test_a_delayed_run_pays_whom_and_what_a_punctual_one_does(city, rows, at, run_at):
    early, late, rises, leaves, moves = (ids.new() for _ in range(5))
    poor = {"hardships": [Hardship.DIBAO]}
    for elder_id in (early, rises, leaves, moves):
        await tell(city, GROUP, an_elder(elder_id, **poor), an_approval(elder_id, 3))
    at("2026-03-09 23:59")
    if run_at == "2026-03-10 00:00":
        at(run_at)
        await fire(city, GROUP)
    at("2026-03-10 09:00")
    await tell(city, GROUP, an_elder(late, **poor), an_approval(late, 3))
    await tell(city, GROUP, an_approval(rises, 4, approved_at=city.clock.real()))
    await tell(city, GROUP, an_elder(leaves), an_elder(moves, area_code=ELSEWHERE, **poor))

    at("2026-03-12 09:00")
    await fire(city, GROUP)

    paid = {
        row["elder_id"]: (row["paid_fen"], row["area_code"])
        for row in await rows("select * from payment")
    }
    assert paid == dict.fromkeys((early, rises, leaves, moves), (18000, VILLAGE))


async def test_each_decision_stays_as_it_was_made(city, rows):
    elder_id = ids.new()
    await tell(
        city, GROUP, an_elder(elder_id, hardships=[Hardship.DIBAO]), an_approval(elder_id, 2)
    )

    await tell(city, GROUP, an_approval(elder_id, 4, approved_at=city.clock.real()))

    decided = await rows(
        "select facts, version from decision where policy_code = 'home-care' order by version"
    )
    assert [row["facts"]["level"] for row in decided] == [2, 4]
    assert [row["version"] for row in decided] == [1, 2]


async def test_refusing_twice_is_refused(city, rows):
    elder_id = ids.new()
    await tell(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    (row,) = await rows("select entitlement_id from entitlement")
    command = RefuseEntitlement(entitlement_id=str(row["entitlement_id"]))
    async with city.transaction() as session:
        await entitlements.refuse(session, command, a_call(session, area=COUNTY))

    with pytest.raises(EntitlementNotOpen) as refused:
        async with city.transaction() as session:
            await entitlements.refuse(session, command, a_call(session, area=COUNTY))

    assert refused.value.facts["state"] == "refused"


async def test_nobody_refuses_what_is_not_theirs(city, rows):
    elder_id = ids.new()
    await tell(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    (row,) = await rows("select entitlement_id from entitlement")
    command = RefuseEntitlement(entitlement_id=str(row["entitlement_id"]))

    with pytest.raises(NotFound):
        async with city.transaction() as session:
            await entitlements.refuse(
                session, command, a_call(session, "elder", elder_ids=frozenset({str(ids.new())}))
            )

    assert await rows("select state from entitlement") == [{"state": 1}]


async def test_many_orders_at_once_hold_no_more_than_the_voucher(city, rows):
    elder_id = ids.new()
    await tell(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    orders = [ids.new() for _ in range(30)]

    async def reserve(order_id: UUID) -> int:
        command = ReserveVoucher(
            order_id=str(order_id), elder_id=str(elder_id), month="2026-03", price_fen=6001
        )
        async with city.transaction() as session:
            return (await vouchers.reserve(session, command, city.clock.real())).reserved_fen

    # each order twice at the same moment: a client that did not wait for its answer
    held = await asyncio.gather(*(reserve(order_id) for order_id in orders * 2))

    assert held[:30] == held[30:]
    assert sum(held[:30]) == 80000
    assert sorted(set(held)) == [0, 80000 % 3001, 3001]
    assert await rows("select reserved_fen from voucher") == [{"reserved_fen": 80000}]


async def test_two_replicas_share_a_run_and_issue_each_voucher_once(city, rows, at):
    await entitle(city, 2500)
    await fire(city, GROUP)

    at("2026-04-01 00:00")
    await asyncio.gather(fire(city, GROUP), fire(city, GROUP))

    assert await rows(
        "select count(*), count(distinct entitlement_id) as people from voucher where "
        "month = '2026-04'"
    ) == [
        {"count": 2500, "people": 2500},
    ]
    assert len(await messages(rows, said.VoucherIssued)) == 2500 + 2500  # March and April
    assert await rows(
        "select kind, period from run where finished_at is not null and done = 2500 order "
        "by kind, period"
    ) == [
        {"kind": "voucher-issue", "period": "2026-03"},
        {"kind": "voucher-issue", "period": "2026-04"},
        {"kind": "voucher-lapse", "period": "2026-03"},
    ]


KILLED = """
import asyncio, sys
from pathlib import Path
from kit.contracts.clock import Clock
from kit.db.store import Store
from testkit.telling import fire
from subsidy.consumers import GROUP
asyncio.run(fire(Store(sys.argv[1], service="subsidy", clock=Clock(Path(sys.argv[2]))), GROUP))
"""


async def test_a_run_killed_on_its_way_is_resumed_and_pays_each_month_once(city, rows, at, until):
    await entitle(city, 6000, "home-care", 2, 18000)
    at("2026-03-10 00:00")
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, city.dsn, str(city.clock.file)
    )

    await until(lambda: rows("select from run where kind = 'cash-pay' and done > 0"), 30)
    run.send_signal(signal.SIGKILL)
    await run.wait()
    (stopped,) = await rows("select done, finished_at from run where kind = 'cash-pay'")
    await fire(city, GROUP)

    assert 0 < stopped["done"] < 6000, "the run was over before it was killed: make it longer"
    assert await rows("select count(*), count(distinct entitlement_id) as people from payment") == [
        {"count": 6000, "people": 6000}
    ]
    assert len(await messages(rows, said.PaymentMade)) == 6000
    assert await rows("select sum(debit_fen)::bigint as fen from ledger_entry") == [
        {"fen": 6000 * 18000}
    ]


async def test_a_run_that_was_slept_through_issues_nothing_for_a_month_that_is_over(city, rows, at):
    elder_id = ids.new()
    await tell(city, GROUP, an_elder(elder_id), an_approval(elder_id, valid_to=date(2027, 1, 1)))

    at("2026-06-15 09:00")
    await fire(city, GROUP)

    assert await rows("select month, lapsed_fen from voucher order by month") == [
        {"month": "2026-03", "lapsed_fen": 80000},
        {"month": "2026-06", "lapsed_fen": 0},
    ]


async def test_debts_of_one_organisation_are_one_payment_in_its_county(city, rows, at):
    elder_id, organisation_id = ids.new(), ids.new()
    await tell(
        city, GROUP, an_elder(elder_id), an_approval(elder_id), an_organisation(organisation_id)
    )
    for _ in range(3):
        order_id = ids.new()
        await tell(
            city,
            GROUP,
            an_order(order_id, elder_id, 5000),
            an_audit(order_id, elder_id, organisation_id, 5000),
        )

    at("2026-03-06 16:00")
    await fire(city, GROUP)

    (paid,) = await messages(rows, said.PaymentMade)
    assert (paid.organisation_id, paid.area_code, paid.paid_fen, paid.settlements) == (
        str(organisation_id),
        COUNTY,
        15000,
        3,
    )
    assert await rows("select count(*) from debt where payment_id is null") == [{"count": 0}]
    assert await rows("select kind, period from run where kind = 'settlement-pay'") == [
        {"kind": "settlement-pay", "period": "2026-03-06"}
    ]
    assert await rows("select key from due where kind = 'settlement-pay'") == [
        {"key": "2026-03-13"}
    ]


async def test_a_new_version_of_a_policy_is_said_once_and_looks_at_everybody_again(city, rows):
    elder_id = ids.new()
    await tell(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    await fire(city, GROUP)
    async with city.transaction() as session:
        await (await session.driver()).execute(
            "update policy set monthly_cap_fen = 1 where policy_code = 'national-voucher'"
        )
        await (await session.driver()).execute("update entitlement set monthly_fen = 1")

    async with city.transaction() as session:
        assert await policies.publish(session) == 1
    await fire(city, GROUP)

    assert await rows(
        "select monthly_cap_fen, version from policy where policy_code = 'national-voucher'"
    ) == [
        {"monthly_cap_fen": 80000, "version": 2},
    ]
    assert await rows("select monthly_fen from entitlement") == [{"monthly_fen": 80000}]
    assert [one.monthly_fen for one in await messages(rows, said.EntitlementChanged)] == [80000]


async def test_policies_are_said_again_at_the_version_they_have(city, rows):
    assert await snapshots.republish(city, SNAPSHOT_SOURCES["policy"], at_once=1, pause_s=0) == 2

    sequences = [
        json.loads(row["headers"])["ce_sequence"]
        for row in await rows("select headers from outbox")
    ]
    assert [int(sequence) for sequence in sequences] == [1, 1, 1, 1]


async def test_holds_expire_by_the_wall_clock_while_business_time_stands(city, rows):
    elder_id, order_id = ids.new(), ids.new()
    await tell(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    real = city.clock.real()
    command = ReserveVoucher(
        order_id=str(order_id), elder_id=str(elder_id), month="2026-03", price_fen=10000
    )
    async with city.transaction() as session:
        reservation = await vouchers.reserve(session, command, real)

    async with city.transaction() as session:
        early = await vouchers.expire(session, real + timedelta(minutes=14, seconds=59), 10)
    async with city.transaction() as session:
        late = await vouchers.expire(session, real + timedelta(minutes=15), 10)

    assert reservation.reserved_fen == 5000
    assert abs(
        reservation.expires_at.ToDatetime(real.tzinfo) - real - timedelta(minutes=15)
    ) < timedelta(milliseconds=1)
    assert (early, late) == (0, 1)
    (released,) = await messages(rows, said.VoucherReleased)
    assert (released.order_id, released.released_fen) == (str(order_id), 5000)


async def test_the_runs_of_the_present_period_are_armed_where_they_have_not_ended(city, rows, at):
    armed = await rows("select kind, key from due where kind <> 'policy-review' order by kind")
    await fire(city, GROUP)
    async with city.transaction() as session:
        await runs.schedule_runs(session)

    assert armed == [
        {"kind": "cash-pay", "key": "2026-03"},
        {"kind": "settlement-pay", "key": "2026-03-06"},
        {"kind": "voucher-issue", "key": "2026-03"},
        {"kind": "voucher-lapse", "key": "2026-03"},
    ]
    assert {"kind": "voucher-issue", "key": "2026-03"} not in await rows(
        "select kind, key from due"
    )
    assert {"kind": "voucher-issue", "key": "2026-04"} in await rows("select kind, key from due")


def test_every_policy_lies_in_the_city():
    assert {
        policies.terms(code, first).area_code
        for code in policies.codes()
        for first in policies.versions(code)
    } == {CITY}
