"""Inspectors, on a real database."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1.events_pb2 import (
    SettlementApproved,
    SettlementHeld,
    SettlementRefused,
    SettlementVerified,
)

from kit.contracts.refusals import NotFound
from supervision.settings import GROUP
from supervision.settlements.errors import (
    AlreadyRefused,
    AlreadyVerified,
    NotHeld,
    OwnInterest,
    SecondDuty,
)
from supervision.settlements.flows import judging as flows
from supervision.settlements.rules.verdict import Doubt
from supervision.testing import BEGIN, ELSEWHERE, a_visit, an_inspector
from testkit.delivery import deliver


@pytest.fixture
def judged(store, firm, rows):
    """`await judged(check_in_m=900)` = id of the settlement of such a visit."""

    async def judge(**given):
        visit = a_visit(firm.worker_id, firm.organisation_id, **given)
        await deliver(store, GROUP, visit)
        [row] = await rows(
            "select settlement_id from settlement where order_id = $1", UUID(visit.order_id)
        )
        return str(row["settlement_id"])

    return judge


async def test_a_visit_outside_its_window_is_held(judged, messages):
    await judged(outside_min=-61)

    [held] = await messages(SettlementHeld)
    assert list(held.doubts) == [Doubt.OUTSIDE_WINDOW]


async def test_an_inspector_pays_a_held_visit(judged, act, messages):
    settlement_id = await judged(check_in_m=900)

    answer = await act(
        flows.decide, pb.DecideAudit(settlement_id=settlement_id, approve=True), an_inspector()
    )

    [approved] = await messages(SettlementApproved)
    assert (approved.settlement_id, approved.automatic, approved.visited_on) == (
        settlement_id,
        False,
        "2026-03-02",
    )
    assert (answer.state, list(answer.doubts)) == (
        pb.Settlement.STATE_APPROVED,
        [Doubt.WRONG_PLACE],
    )


async def test_an_inspector_refuses_a_held_visit_and_is_named_among_the_doubts(
    judged, act, messages
):
    settlement_id = await judged(check_in_m=900)

    await act(
        flows.decide, pb.DecideAudit(settlement_id=settlement_id, approve=False), an_inspector()
    )

    [refused] = await messages(SettlementRefused)
    assert list(refused.doubts) == [Doubt.WRONG_PLACE, Doubt.INSPECTOR]
    assert (refused.price_fen, refused.voucher_fen) == (3500, 1750)


async def test_only_what_is_held_is_decided_and_only_once(judged, act):
    approved = await judged()
    held = await judged(check_in_m=900, begin=BEGIN + timedelta(hours=3))

    with pytest.raises(NotHeld):
        await act(
            flows.decide, pb.DecideAudit(settlement_id=approved, approve=False), an_inspector()
        )
    with pytest.raises(NotFound):
        await act(
            flows.decide, pb.DecideAudit(settlement_id=held, approve=True), an_inspector(ELSEWHERE)
        )
    await act(flows.decide, pb.DecideAudit(settlement_id=held, approve=True), an_inspector())
    with pytest.raises(NotHeld):
        await act(flows.decide, pb.DecideAudit(settlement_id=held, approve=False), an_inspector())


async def test_nobody_goes_and_sees_a_visit_of_the_own_firm_or_family(judged, act):
    key = await judged(check_in_m=900)
    decided = await act(
        flows.decide, pb.DecideAudit(settlement_id=key, approve=True), an_inspector()
    )
    other = an_inspector(subject="inspector-2")
    verification = pb.VerifySettlement(settlement_id=key, genuine=True)

    for concerned in (
        replace(other, organisation_id=decided.organisation_id),
        replace(other, elder_ids=frozenset({decided.elder_id})),
    ):
        with pytest.raises(OwnInterest):
            await act(flows.verify, verification, concerned)


async def test_who_decides_about_a_visit_is_not_who_verifies_it(judged, act):
    inspector, other = an_inspector(), an_inspector(subject="inspector-2")
    first = await judged(check_in_m=900)
    second = await judged(check_in_m=900, begin=BEGIN + timedelta(hours=3))
    decide, verify = (
        {key: kind(settlement_id=key, **{field: True}) for key in (first, second)}
        for kind, field in ((pb.DecideAudit, "approve"), (pb.VerifySettlement, "genuine"))
    )
    await act(flows.decide, decide[first], inspector)
    await act(flows.verify, verify[second], inspector)

    with pytest.raises(SecondDuty):
        await act(flows.verify, verify[first], inspector)
    with pytest.raises(SecondDuty):
        await act(flows.decide, decide[second], inspector)

    await act(flows.verify, verify[first], other)
    await act(flows.decide, decide[second], other)


async def test_a_settlement_is_verified_once_and_not_when_it_is_refused(judged, act, messages):
    approved = await judged()
    held = await judged(check_in_m=900, begin=BEGIN + timedelta(hours=3))

    for settlement_id, genuine in ((approved, True), (held, False)):
        await act(
            flows.verify,
            pb.VerifySettlement(settlement_id=settlement_id, genuine=genuine),
            an_inspector(subject="inspector-2"),
        )
    with pytest.raises(AlreadyVerified):
        await act(
            flows.verify, pb.VerifySettlement(settlement_id=approved, genuine=False), an_inspector()
        )
    await act(flows.decide, pb.DecideAudit(settlement_id=held, approve=False), an_inspector())
    with pytest.raises(AlreadyRefused):
        await act(
            flows.verify, pb.VerifySettlement(settlement_id=held, genuine=True), an_inspector()
        )

    verified = await messages(SettlementVerified)
    assert [(event.settlement_id, event.genuine) for event in verified] == [
        (approved, True),
        (held, False),
    ]
