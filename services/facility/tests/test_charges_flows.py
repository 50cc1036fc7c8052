"""Fees are declared, and the months of stays charged, on a real PostgreSQL."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest
from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from eldercare.subsidy.v1.events_pb2 import StayChargeSettled

from facility.charges import flows, queries
from facility.charges.errors import (
    DecidedAlready,
    FeeFixed,
    FeeTooEarly,
    MoreThanOwnShare,
    OwnInterest,
    ReasonMissing,
    ShareUnknown,
)
from facility.context import GROUP
from facility.stays import flows as stays
from facility.testing import OFFICIAL, a_home, admit, discharge, elder, facility
from kit.contracts import wire
from kit.contracts.modules import import_all
from kit.contracts.refusals import Outdated
from kit.db.store import Store
from testkit.delivery import deliver, fire

import_all("facility", "consumers")
import_all("facility", "jobs")

FEE = 310_000


@pytest.fixture
def at(clock) -> Callable[[str], datetime]:
    def move(moment: str) -> datetime:
        return clock.set(datetime.fromisoformat(f"{moment}+08:00"))

    move("2026-03-02 09:00")
    return move


async def _declare(session, facility_id: str, valid_from: str, monthly_fen: int = FEE):
    command = api.DeclareStayFee(
        facility_id=facility_id, valid_from=valid_from, monthly_fen=monthly_fen
    )
    return await flows.declare(session, command, OFFICIAL)


async def _stay(store: Store, began_on: str = "2026-03-02") -> events.StayBegan:
    async with store.transaction() as session:
        opened, person = await facility(session), await elder(session)
        await _declare(session, opened.facility_id, "2026-03-01")
        return await admit(session, opened.facility_id, person, began_on)


async def _charges(store: Store, stay: events.StayBegan) -> list[api.StayCharge]:
    async with store.reading() as session:
        asked = api.ListStayCharges(facility_id=stay.facility_id)
        page = await queries.charges(session, asked, a_home(stay.organisation_id))
    return list(page.rows)


async def test_a_month_is_charged_when_it_is_over_by_its_days(store, at):
    at("2026-03-22 09:00")
    stay = await _stay(store, "2026-03-22")
    await fire(store, GROUP)
    assert await _charges(store, stay) == []

    at("2026-04-01 00:00")
    await fire(store, GROUP)
    at("2026-05-01 00:00")
    await fire(store, GROUP)

    found = await _charges(store, stay)
    assert [(one.month, one.days, one.price_fen) for one in found] == [
        ("2026-03", 10, 100_000),
        ("2026-04", 30, FEE),
    ]
    assert not found[0].HasField("own_fen")


async def test_who_leaves_within_a_month_is_charged_when_it_is_over(store, at):
    stay = await _stay(store)
    at("2026-03-12 09:00")
    async with store.transaction() as session:
        await discharge(session, stay.stay_id, "2026-03-12")
    await fire(store, GROUP)
    assert await _charges(store, stay) == []

    for moment in ("2026-04-01 00:00", "2026-05-01 00:00"):
        at(moment)
        await fire(store, GROUP)

    found = await _charges(store, stay)
    assert [(one.month, one.days, one.price_fen) for one in found] == [("2026-03", 10, 100_000)]


async def test_a_late_discharge_lowers_what_was_approved_and_takes_the_rest_away(store, at):
    stay = await _stay(store)
    at("2026-05-02 09:00")
    await fire(store, GROUP)
    march, april = await _charges(store, stay)
    for one in (march, april):
        await _decide(store, one, approve=True)

    async with store.transaction() as session:
        await discharge(session, stay.stay_id, "2026-03-12")
    await fire(store, GROUP)

    found = await _charges(store, stay)
    assert [(one.days, one.price_fen) for one in found] == [(10, 100_000), (0, 0)]
    async with store.reading() as session:
        driver = await session.driver()
        published = await driver.fetch(
            "select payload from outbox where headers::json ->> 'ce_type' = $1 order by seq",
            events.StayChargeApproved.DESCRIPTOR.full_name,
        )
    approved = [events.StayChargeApproved.FromString(row["payload"]) for row in published]
    assert [(one.price_fen, one.last_on) for one in approved[2:]] == [
        (100_000, "2026-03-11"),
        (0, ""),
    ]


async def test_a_death_before_a_discharge_takes_away_the_days_after_it(store, at):
    stay = await _stay(store)
    at("2026-05-02 09:00")
    async with store.transaction() as session:
        await discharge(session, stay.stay_id, "2026-04-20")
    await fire(store, GROUP)

    async with store.transaction() as session:
        await elder(session, elder_id=stay.elder_id, status=2, died_on="2026-03-11")
    await fire(store, GROUP)

    found = await _charges(store, stay)
    assert [(one.days, one.price_fen, one.state) for one in found] == [
        (10, 100_000, api.StayCharge.STATE_OPEN),
        (0, 0, api.StayCharge.STATE_APPROVED),
    ]


async def test_a_stay_of_before_the_fee_is_charged_from_its_month_on(store, at):
    async with store.transaction() as session:
        opened, person = await facility(session), await elder(session)
        stay = await admit(session, opened.facility_id, person, "2026-02-01")
    await fire(store, GROUP)
    async with store.transaction() as session:
        await _declare(session, opened.facility_id, "2026-03-01")
    at("2026-04-01 00:00")
    await fire(store, GROUP)

    assert [one.month for one in await _charges(store, stay)] == ["2026-03"]


async def test_a_death_that_was_none_takes_nothing_from_the_months_of_the_stay(store, at):
    stay = await _stay(store)
    async with store.transaction() as session:
        await stays.end_by_death(session, uuid.UUID(stay.elder_id), date(2026, 3, 11))
        await session.flush()
        await stays.go_on(session, uuid.UUID(stay.elder_id))
    at("2026-04-01 00:00")
    await fire(store, GROUP)

    assert [(one.days, one.price_fen) for one in await _charges(store, stay)] == [(30, 300_000)]


async def test_days_that_come_back_are_for_the_office_to_look_at_again(store, at):
    stay = await _stay(store)
    at("2026-04-01 00:00")
    await fire(store, GROUP)
    [charge] = await _charges(store, stay)
    await _decide(store, charge, approve=True)
    async with store.transaction() as session:
        await stays.end_by_death(session, uuid.UUID(stay.elder_id), date(2026, 3, 11))
    await fire(store, GROUP)
    [less] = await _charges(store, stay)

    async with store.transaction() as session:
        await stays.go_on(session, uuid.UUID(stay.elder_id))
    await fire(store, GROUP)

    [again] = await _charges(store, stay)
    assert (less.price_fen, less.state) == (100_000, api.StayCharge.STATE_APPROVED)
    assert (again.charge_id, again.days, again.price_fen) == (charge.charge_id, 30, 300_000)
    assert again.state == api.StayCharge.STATE_OPEN


async def _decide(
    store: Store, charge: api.StayCharge, *, approve: bool, reason: str = "", caller=OFFICIAL
):
    async with store.transaction() as session:
        command = api.DecideOnStayCharge(
            charge_id=charge.charge_id, approve=approve, reason=reason, version=charge.version
        )
        return await flows.decide(session, command, caller)


async def test_a_charge_is_decided_once_as_it_was_read(store, at):
    stay = await _stay(store)
    at("2026-04-01 00:00")
    await fire(store, GROUP)
    [charge] = await _charges(store, stay)

    with pytest.raises(ReasonMissing):
        await _decide(store, charge, approve=False)
    own = replace(OFFICIAL, organisation_id=stay.organisation_id)
    with pytest.raises(OwnInterest):
        await _decide(store, charge, approve=True, caller=own)
    refused = await _decide(store, charge, approve=False, reason="天数不符")
    with pytest.raises(Outdated):
        await _decide(store, charge, approve=True)
    charge.version = refused.version
    with pytest.raises(DecidedAlready):
        await _decide(store, charge, approve=True)

    assert (refused.state, refused.own_fen) == (api.StayCharge.STATE_REFUSED, charge.price_fen)


async def test_the_own_share_is_what_the_voucher_does_not_pay_and_is_receipted(store, at):
    stay = await _stay(store)
    at("2026-04-01 00:00")
    await fire(store, GROUP)
    [charge] = await _charges(store, stay)
    await _decide(store, charge, approve=True)

    async def pay(received_fen: int) -> api.StayCharge:
        command = api.ReceiptStayShare(
            charge_id=charge.charge_id, received_fen=received_fen, received_on="2026-04-01"
        )
        async with store.transaction() as session:
            return await flows.receipt(session, command, a_home(stay.organisation_id))

    with pytest.raises(ShareUnknown):
        await pay(1)
    settled = wire.message(
        StayChargeSettled, charge, voucher_fen=80_000, settled_at=charge.charged_at
    )
    assert await deliver(store, GROUP, settled) == {"applied": 1}
    part = await pay(100_000)

    own_fen = charge.price_fen - 80_000
    assert (part.own_fen, part.received_fen) == (own_fen, 100_000)
    with pytest.raises(MoreThanOwnShare) as refused:
        await pay(own_fen - 100_000 + 1)
    assert refused.value.outstanding_fen == own_fen - 100_000


async def test_a_fee_holds_for_what_is_to_come(session):
    opened = await facility(session)
    with pytest.raises(FeeTooEarly):
        await _declare(session, opened.facility_id, "2026-02-28")
    await _declare(session, opened.facility_id, "2026-03-01")
    with pytest.raises(FeeTooEarly):
        await _declare(session, opened.facility_id, "2026-03-01")
    await _declare(session, opened.facility_id, "2026-06-01")
    with pytest.raises(FeeFixed):
        await _declare(session, opened.facility_id, "2026-06-01")

    asked = api.GetFacility(facility_id=opened.facility_id)
    page = await queries.fees(session, asked, a_home(opened.organisation_id))
    assert [one.valid_from for one in page.rows] == ["2026-06-01", "2026-03-01"]
