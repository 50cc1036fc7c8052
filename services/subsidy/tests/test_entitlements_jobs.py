"""Runs over everybody entitled: several at once, slept through, killed on their way."""

import asyncio
import signal
import sys
from datetime import date

import pytest
from eldercare.subsidy.v1 import events_pb2 as events

from kit.contracts import ids
from subsidy.replicas.rules import Hardship
from subsidy.settings import GROUP
from subsidy.testing import ELSEWHERE, VILLAGE, an_approval, an_elder, entitle, messages
from testkit.delivery import deliver, fire


async def test_a_level_that_ends_closes_the_entitlement_on_its_day(city, rows, at):
    elder_id = ids.new()
    await deliver(
        city, GROUP, an_elder(elder_id), an_approval(elder_id, valid_to=date(2026, 3, 20))
    )
    await fire(city, GROUP)

    at("2026-03-19 23:59")
    await fire(city, GROUP)
    before = await rows("select state from entitlement")
    at("2026-03-20 00:00")
    await fire(city, GROUP)

    assert before == [{"state": 1}]
    assert await rows("select state, cause, valid_to from entitlement") == [
        {"state": 3, "cause": 3, "valid_to": date(2026, 3, 20)}
    ]


async def test_a_payment_that_comes_after_its_day_bears_both_days(city, rows, at):
    elder_id = ids.new()
    await deliver(
        city, GROUP, an_elder(elder_id, hardships=[Hardship.DIBAO]), an_approval(elder_id)
    )

    at("2026-03-12 09:00")
    await fire(city, GROUP)

    (paid,) = await messages(rows, events.PaymentMade)
    assert (paid.due_on, paid.paid_on) == ("2026-03-10", "2026-03-12")


@pytest.mark.parametrize("run_at", ["2026-03-10 00:00", "2026-03-12 09:00"])
async def test_a_delayed_run_gives_whom_and_what_a_punctual_one_does(city, rows, at, run_at):
    early, late, rises, leaves, moves = (ids.new() for _ in range(5))
    poor = {"hardships": [Hardship.DIBAO]}
    for elder_id in (early, rises, leaves, moves):
        await deliver(city, GROUP, an_elder(elder_id, **poor), an_approval(elder_id, 3))
    at("2026-03-09 23:59")
    if run_at == "2026-03-10 00:00":
        at(run_at)
        await fire(city, GROUP)
    at("2026-03-10 09:00")
    await deliver(city, GROUP, an_elder(late, **poor), an_approval(late, 3))
    await deliver(city, GROUP, an_approval(rises, 4, approved_at=city.clock.now()))
    await deliver(city, GROUP, an_elder(leaves), an_elder(moves, area_code=ELSEWHERE, **poor))

    at("2026-03-12 09:00")
    await fire(city, GROUP)

    paid = {
        row["elder_id"]: (row["fen"], row["areas"])
        for row in await rows(
            "select elder_id, sum(paid_fen)::int as fen, array_agg(distinct area_code) as areas"
            " from payment where month = '2026-03' group by 1"
        )
    }
    assert paid == dict.fromkeys((early, late, leaves, moves), (18000, [VILLAGE])) | {
        rises: (26000, [VILLAGE])
    }


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
    assert len(await messages(rows, events.VoucherIssued)) == 2500 + 2500  # March and April
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
from kit.contracts.modules import import_all
from kit.db.store import Store
from testkit.delivery import fire
from subsidy.settings import GROUP
import_all("subsidy", "jobs")
asyncio.run(fire(Store(sys.argv[1], service="subsidy", clock=Clock(Path(sys.argv[2]))), GROUP))
"""


NOBODY_WRITES = """
select 1 where not exists (
  select from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
)
"""


async def test_a_run_killed_on_its_way_is_resumed_and_pays_each_month_once(city, rows, at, until):
    await entitle(city, 6000, "home-care", 2, 18000)
    at("2026-03-10 00:00")
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, city.dsn, str(city.clock.file)
    )

    await until(lambda: rows("select from run where kind = 'cash-pay' and done > 0"), 90)
    run.send_signal(signal.SIGKILL)
    await run.wait()
    await until(lambda: rows(NOBODY_WRITES), 30)  # PostgreSQL notices the death a moment later
    (stopped,) = await rows("select done, finished_at from run where kind = 'cash-pay'")
    await fire(city, GROUP)

    assert 0 < stopped["done"] < 6000, "the run was over before it was killed: make it longer"
    assert await rows("select count(*), count(distinct entitlement_id) as people from payment") == [
        {"count": 6000, "people": 6000}
    ]
    assert len(await messages(rows, events.PaymentMade)) == 6000
    assert await rows("select sum(debit_fen)::bigint as fen from ledger_entry") == [
        {"fen": 6000 * 18000}
    ]


async def test_what_runs_that_were_slept_through_did_not_issue_can_be_used_in_this_month(
    city, rows, at
):
    elder_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id, valid_to=date(2027, 1, 1)))

    at("2026-06-15 09:00")
    await fire(city, GROUP)

    assert await rows("select month, usable_month, lapsed_fen from voucher order by month") == [
        {"month": "2026-03", "usable_month": None, "lapsed_fen": 80000},
        {"month": "2026-04", "usable_month": "2026-06", "lapsed_fen": 0},
        {"month": "2026-05", "usable_month": "2026-06", "lapsed_fen": 0},
        {"month": "2026-06", "usable_month": None, "lapsed_fen": 0},
    ]
