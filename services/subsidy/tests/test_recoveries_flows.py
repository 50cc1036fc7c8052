"""What is claimed back, and what comes of it."""

from dataclasses import replace
from datetime import date

import pytest
from eldercare.subsidy.v1 import api_pb2 as pb
from eldercare.subsidy.v1 import events_pb2 as events
from sqlmodel import select

from kit.contracts import ids
from kit.contracts.refusals import Outdated
from subsidy.ledger.rules import Account
from subsidy.recoveries import queries
from subsidy.recoveries.errors import (
    NoDeferral,
    NothingPaid,
    NotYetRepaid,
    OwnInterest,
    RaisedByYourself,
    TooMuchRepaid,
)
from subsidy.recoveries.flows import collecting
from subsidy.recoveries.rules import RecoveryState
from subsidy.recoveries.tables import Recovery
from subsidy.replicas.rules import Hardship, Status
from subsidy.settings import GROUP
from subsidy.testing import an_approval, an_elder, an_official, messages
from testkit.delivery import deliver, fire


async def test_a_late_death_is_published_with_its_own_day_and_claims_each_wrong_month(
    city, rows, at
):
    elder_id = ids.new()
    await deliver(
        city, GROUP, an_elder(elder_id, hardships=[Hardship.DIBAO]), an_approval(elder_id)
    )
    for day in ("2026-03-10 00:00", "2026-04-10 00:00"):
        at(day)
        await fire(city, GROUP)

    await deliver(
        city,
        GROUP,
        an_elder(
            elder_id, hardships=[Hardship.DIBAO], status=Status.DEAD, died_on=date(2026, 3, 5)
        ),
    )

    closed = await messages(rows, events.EntitlementClosed)
    assert {(one.cause, one.closed_on) for one in closed} == {
        (events.EntitlementClosed.CAUSE_DEATH, "2026-03-05")
    }
    (recovery,) = await messages(rows, events.RecoveryOpened)
    assert (recovery.month, recovery.claimed_fen, recovery.cause) == (
        "2026-04",
        18000,
        events.EntitlementClosed.CAUSE_DEATH,
    )
    paid = await messages(rows, events.PaymentMade)
    assert [(one.month, one.paid_fen, one.due_on, one.paid_on) for one in paid] == [
        ("2026-03", 18000, "2026-03-10", "2026-03-10"),
        ("2026-04", 18000, "2026-04-10", "2026-04-10"),
    ]


async def _a_claim(city, rows, at) -> Recovery:
    """Cash of April that was paid to somebody who had died in March."""
    elder_id = ids.new()
    poor = [Hardship.DIBAO]
    await deliver(city, GROUP, an_elder(elder_id, hardships=poor), an_approval(elder_id))
    at("2026-04-10 00:00")
    await fire(city, GROUP)
    died_on = date(2026, 3, 5)
    await deliver(
        city, GROUP, an_elder(elder_id, hardships=poor, status=Status.DEAD, died_on=died_on)
    )
    async with city.reading() as session:
        return (await session.exec(select(Recovery))).one()


async def _do(city, flow, request, subject="official-1"):
    async with city.transaction() as session:
        return await flow(session, request, an_official(subject))


async def _accounts(rows) -> dict[Account, int]:
    found = await rows(
        "select account, sum(debit_fen - credit_fen)::bigint as fen from ledger_entry group by 1"
    )
    return {Account(row["account"]): row["fen"] for row in found}


async def test_a_claim_comes_back_in_parts_and_the_ledger_follows(city, rows, at):
    claim = await _a_claim(city, rows, at)
    key, before = str(claim.recovery_id), await _accounts(rows)

    first = pb.RepayRecovery(
        recovery_id=key, repaid_fen=5000, repaid_on="2026-04-09", reference="GS-7"
    )
    part = await _do(city, collecting.repay, first)
    rest = pb.RepayRecovery(recovery_id=key, repaid_fen=13000, repaid_on="2026-04-10")
    whole = await _do(city, collecting.repay, rest)

    assert (part.state, part.outstanding_fen) == (pb.Recovery.STATE_OPEN, 13000)
    assert (whole.state, whole.outstanding_fen) == (pb.Recovery.STATE_REPAID, 0)
    repaid = await messages(rows, events.RecoveryRepaid)
    assert [(one.repaid_fen, one.outstanding_fen, one.repaid_on) for one in repaid] == [
        (5000, 13000, "2026-04-09"),
        (13000, 0, "2026-04-10"),
    ]
    accounts = await _accounts(rows)
    assert accounts[Account.CLAIMS] == 0
    assert accounts[Account.FUND] == before[Account.FUND] + 18000
    async with city.reading() as session:
        shown = await queries.recovery(session, pb.GetRecovery(recovery_id=key), an_official())
    assert [(one.repaid_fen, one.reference) for one in shown.repayments] == [
        (5000, "GS-7"),
        (13000, ""),
    ]


async def test_more_than_is_claimed_or_of_tomorrow_is_not_recorded(city, rows, at):
    claim = await _a_claim(city, rows, at)
    key = str(claim.recovery_id)

    request = pb.RepayRecovery(recovery_id=key, repaid_fen=18001, repaid_on="2026-04-10")
    with pytest.raises(TooMuchRepaid) as too_much:
        await _do(city, collecting.repay, request)
    request = pb.RepayRecovery(recovery_id=key, repaid_fen=1, repaid_on="2026-04-11")
    with pytest.raises(NotYetRepaid):
        await _do(city, collecting.repay, request)

    assert too_much.value.field == "repaid_fen"
    assert await messages(rows, events.RecoveryRepaid) == []


async def test_what_is_put_off_is_due_again_on_its_day(city, rows, at):
    claim = await _a_claim(city, rows, at)
    request = pb.DeferRecovery(
        recovery_id=str(claim.recovery_id), deferred_until="2026-04-20", reason="家属异地"
    )
    deferred = await _do(city, collecting.defer, request)

    assert (deferred.state, deferred.deferred_until) == (pb.Recovery.STATE_DEFERRED, "2026-04-20")
    at("2026-04-19 23:59")
    await fire(city, GROUP)
    assert (await rows("select state from recovery"))[0]["state"] == RecoveryState.DEFERRED
    at("2026-04-20 00:00")
    await fire(city, GROUP)
    assert (await rows("select state from recovery"))[0]["state"] == RecoveryState.OPEN
    request.deferred_until = "2026-04-20"
    with pytest.raises(NoDeferral):
        await _do(city, collecting.defer, request)


async def test_who_raises_a_claim_does_not_waive_it(city, rows, at):
    await _a_claim(city, rows, at)
    (payment,) = await rows("select payment_id from payment where month = '2026-03'")
    request = pb.OpenRecovery(
        payment_id=str(payment["payment_id"]), claimed_fen=8000, reason="重复发放"
    )
    claim = await _do(city, collecting.raise_claim, request)
    waiver = pb.WaiveRecovery(recovery_id=claim.recovery_id, reason="无遗产可供执行")

    with pytest.raises(RaisedByYourself):
        await _do(city, collecting.waive, waiver)
    kin = replace(an_official("official-2"), elder_ids=frozenset({claim.elder_id}))
    async with city.transaction() as session:
        with pytest.raises(OwnInterest):
            await collecting.waive(session, waiver, kin)
    waived = await _do(city, collecting.waive, waiver, "official-2")

    assert (waived.state, waived.waived_fen) == (pb.Recovery.STATE_WAIVED, 8000)
    accounts = await _accounts(rows)
    assert (accounts[Account.WAIVED], accounts[Account.CLAIMS]) == (8000, 18000)
    (event,) = await messages(rows, events.RecoveryWaived)
    assert event.waived_fen == 8000
    request.claimed_fen = 10001
    with pytest.raises(NothingPaid):
        await _do(city, collecting.raise_claim, request)


async def test_a_death_claims_only_what_no_official_has_claimed_before(city, rows, at):
    elder_id = ids.new()
    poor = [Hardship.DIBAO]
    await deliver(city, GROUP, an_elder(elder_id, hardships=poor), an_approval(elder_id))
    at("2026-04-10 00:00")
    await fire(city, GROUP)
    (payment,) = await rows("select payment_id from payment where month = '2026-04'")
    request = pb.OpenRecovery(
        payment_id=str(payment["payment_id"]), claimed_fen=3000, reason="多发"
    )
    await _do(city, collecting.raise_claim, request)

    died_on = date(2026, 3, 5)
    await deliver(
        city, GROUP, an_elder(elder_id, hardships=poor, status=Status.DEAD, died_on=died_on)
    )

    claims = await rows("select claimed_fen from recovery order by recovery_id")
    assert [row["claimed_fen"] for row in claims] == [3000, 15000]


async def test_of_two_deferrals_of_a_claim_as_read_the_second_is_refused(city, rows, at):
    claim = await _a_claim(city, rows, at)

    def until(day: str) -> pb.DeferRecovery:
        return pb.DeferRecovery(
            recovery_id=str(claim.recovery_id),
            deferred_until=day,
            reason="家庭困难",
            version=claim.version,
        )

    deferred = await _do(city, collecting.defer, until("2026-05-10"))
    with pytest.raises(Outdated):
        await _do(city, collecting.defer, until("2026-06-10"), subject="official-2")

    assert (deferred.deferred_until, deferred.version) == ("2026-05-10", claim.version + 1)


async def test_each_change_of_a_claim_is_a_version_also_one_that_nobody_tells(city, rows, at):
    claim = await _a_claim(city, rows, at)
    key = str(claim.recovery_id)

    async def version() -> object:
        return (await rows("select version from recovery"))[0]["version"]

    first = await version()
    part = pb.RepayRecovery(recovery_id=key, repaid_fen=1, repaid_on="2026-04-10")
    assert (await _do(city, collecting.repay, part)).version == await version() == first + 1
    later = pb.DeferRecovery(recovery_id=key, deferred_until="2026-04-20", reason="家庭困难")
    await _do(city, collecting.defer, later)
    at("2026-04-20 00:00")
    await fire(city, GROUP)

    assert await version() == first + 3
