"""What is learnt after a visit was judged: complaints, follow-ups, verifications, appeals."""

from dataclasses import replace
from uuid import UUID

import pytest
from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1 import events_pb2 as events

from kit.contracts import ids, wire
from kit.contracts.refusals import NotFound
from supervision.complaints import flows as complaints
from supervision.settings import GROUP
from supervision.settlements.errors import (
    AppealedBefore,
    AppealTooLate,
    ComplaintOpen,
    DecidedByYourself,
    NotAppealed,
    NotRefused,
    OwnInterest,
)
from supervision.settlements.flows import appeals, judging
from supervision.settlements.rules.verdict import Doubt, State
from supervision.testing import (
    BEGIN,
    a_follow_up,
    a_provider,
    a_visit,
    an_inspector,
    an_offer,
    an_official,
    an_order,
)
from testkit.delivery import deliver, fire

Settled = tuple[str, dispatch.OrderFinished]


@pytest.fixture
def settled(store, firm, rows):
    """`await settled(check_in_m=900)` = id of the settlement of such a visit, and the visit."""

    async def visit(**given):
        order_id, elder_id = ids.new(), ids.new()
        finished = a_visit(
            firm.worker_id,
            firm.organisation_id,
            order_id=str(order_id),
            elder_id=str(elder_id),
            **given,
        )
        await deliver(
            store,
            GROUP,
            an_order(order_id, elder_id),
            an_offer(order_id, elder_id, firm.organisation_id),
            finished,
        )
        [row] = await rows("select settlement_id from settlement where order_id = $1", order_id)
        return str(row["settlement_id"]), finished

    return visit


@pytest.fixture
def state(rows):
    async def read(settlement_id):
        [row] = await rows(
            "select state from settlement where settlement_id = $1", UUID(settlement_id)
        )
        return State(row["state"])

    return read


def _filing(visit: dispatch.OrderFinished) -> pb.FileComplaint:
    return pb.FileComplaint(order_id=visit.order_id, channel=2)


def _closing(filed: events.ComplaintFiled, *, upheld: bool) -> pb.CloseComplaint:
    return pb.CloseComplaint(complaint_id=filed.complaint_id, upheld=upheld)


async def test_an_open_complaint_holds_an_approved_visit_and_tells_the_firm_why(
    settled, act, messages, state
):
    settlement_id, visit = await settled()

    await act(complaints.file, _filing(visit), an_official())

    assert await state(settlement_id) == State.HELD
    [held] = await messages(events.SettlementHeld)
    assert (held.settlement_id, held.ground, list(held.doubts)) == (
        settlement_id,
        events.DOUBT_COMPLAINT,
        [Doubt.COMPLAINT],
    )
    assert wire.instant(held.held_at) == BEGIN
    with pytest.raises(ComplaintOpen):
        await act(
            judging.decide,
            pb.DecideAudit(settlement_id=settlement_id, approve=True),
            an_inspector(),
        )


async def test_the_last_complaint_that_is_closed_in_the_firms_favour_releases_the_visit(
    settled, act, messages, state
):
    settlement_id, visit = await settled()
    filed = [await act(complaints.file, _filing(visit), an_official()) for _ in range(2)]
    other = an_official(subject="official-2")

    await act(complaints.close, _closing(filed[0], upheld=False), other)
    assert await state(settlement_id) == State.HELD
    await act(complaints.close, _closing(filed[1], upheld=False), other)

    assert await state(settlement_id) == State.APPROVED
    [released] = await messages(events.SettlementReleased)
    assert (released.settlement_id, released.voucher_fen) == (settlement_id, 1750)
    assert len(await messages(events.SettlementApproved)) == 1


async def test_a_complaint_that_was_right_refuses_the_visit(settled, act, messages, state):
    settlement_id, visit = await settled()
    filed = await act(complaints.file, _filing(visit), an_official())

    await act(complaints.close, _closing(filed, upheld=True), an_official(subject="official-2"))

    assert await state(settlement_id) == State.REFUSED
    [refused] = await messages(events.SettlementRefused)
    assert list(refused.doubts) == [Doubt.COMPLAINT]
    assert wire.instant(refused.appeal_until).isoformat() == "2026-03-09T16:00:00+00:00"


async def test_a_visit_about_which_a_complaint_is_open_already_is_held_when_it_ends(
    store, firm, act, messages
):
    order_id, elder_id = ids.new(), ids.new()
    before = (
        an_order(order_id, elder_id),
        an_offer(order_id, elder_id, firm.organisation_id),
    )
    await deliver(store, GROUP, *before)
    request = pb.FileComplaint(order_id=str(order_id), channel=2)
    filed = await act(complaints.file, request, an_official())
    visit = a_visit(
        firm.worker_id, firm.organisation_id, order_id=str(order_id), elder_id=str(elder_id)
    )

    await deliver(store, GROUP, visit)

    [held] = await messages(events.SettlementHeld)
    assert list(held.doubts) == [Doubt.COMPLAINT]
    await act(complaints.close, _closing(filed, upheld=False), an_official(subject="official-2"))
    decision = pb.DecideAudit(settlement_id=held.settlement_id, approve=True)
    await act(judging.decide, decision, an_inspector())
    assert len(await messages(events.SettlementApproved)) == 1


async def test_a_complaint_that_a_release_before_filed_holds_too(store, act, settled, state):
    """It fills no count beside the complaints, and does not close one there."""
    settlement_id, visit = await settled()
    filed = [await act(complaints.file, _filing(visit), an_official()) for _ in range(2)]
    async with store.transaction() as session:
        driver = await session.driver()
        await driver.execute("update visit_order set open_complaints = 0")
    other = an_official(subject="official-2")

    await act(complaints.close, _closing(filed[0], upheld=False), other)
    decision = pb.DecideAudit(settlement_id=settlement_id, approve=True)
    with pytest.raises(ComplaintOpen) as refused:
        await act(judging.decide, decision, an_inspector())
    async with store.transaction() as session:
        driver = await session.driver()
        await driver.execute("update complaint set closed = true")
        await driver.execute("update visit_order set open_complaints = 1")
    await act(judging.decide, decision, an_inspector())

    assert refused.value.open_complaints == 1
    assert await state(settlement_id) == State.APPROVED


async def test_a_negative_follow_up_holds_the_visit_until_somebody_decides_or_the_elder_does(
    store, settled, act, messages, state
):
    first, one = await settled()
    second, other = await settled(begin=BEGIN.replace(hour=4))
    for visit in (one, other):
        await deliver(store, GROUP, a_follow_up(visit, satisfied=False))
    held = await messages(events.SettlementHeld)
    assert [event.ground for event in held] == [events.DOUBT_FOLLOW_UP] * 2

    await deliver(store, GROUP, a_follow_up(one, satisfied=None))
    assert await state(first) == State.HELD
    await deliver(store, GROUP, a_follow_up(one, satisfied=True))
    decision = pb.DecideAudit(settlement_id=second, approve=False)
    await act(judging.decide, decision, an_inspector())

    assert (await state(first), await state(second)) == (State.APPROVED, State.REFUSED)


async def test_an_untrue_verification_holds_the_visit_for_another_inspector(
    settled, act, messages, state
):
    settlement_id, _ = await settled()
    verification = pb.VerifySettlement(settlement_id=settlement_id, genuine=False)

    await act(judging.verify, verification, an_inspector(subject="inspector-2"))

    assert await state(settlement_id) == State.HELD
    [held] = await messages(events.SettlementHeld)
    assert held.ground == events.DOUBT_UNTRUE
    decision = pb.DecideAudit(settlement_id=settlement_id, approve=True)
    await act(judging.decide, decision, an_inspector())
    assert await state(settlement_id) == State.APPROVED
    assert len(await messages(events.SettlementReleased)) == 1


@pytest.fixture
def refused(settled, act):
    """`await refused()` = id of a settlement that inspector-1 refused."""

    async def refuse():
        settlement_id, _ = await settled(check_in_m=900)
        decision = pb.DecideAudit(settlement_id=settlement_id, approve=False)
        await act(judging.decide, decision, an_inspector())
        return settlement_id

    return refuse


def _appeal(settlement_id: str) -> pb.AppealSettlement:
    return pb.AppealSettlement(settlement_id=settlement_id, statement="定位偏移，有签字记录")


@pytest.mark.parametrize("allow", [True, False])
async def test_a_refused_firm_appeals_once_and_another_person_decides(
    firm, refused, act, messages, state, allow
):
    settlement_id, provider = await refused(), a_provider(firm.organisation_id)
    decision = pb.DecideOnAppeal(settlement_id=settlement_id, allow=allow)
    with pytest.raises(NotAppealed):
        await act(appeals.decide, decision, an_official())
    with pytest.raises(NotFound):
        await act(appeals.appeal, _appeal(settlement_id), a_provider(ids.new()))

    appealed = await act(appeals.appeal, _appeal(settlement_id), provider)

    assert (appealed.state, appealed.statement) == (
        pb.Settlement.STATE_APPEALED,
        "定位偏移，有签字记录",
    )
    with pytest.raises(DecidedByYourself):
        await act(appeals.decide, decision, an_inspector())
    own = replace(an_inspector(subject="inspector-2"), organisation_id=appealed.organisation_id)
    with pytest.raises(OwnInterest):
        await act(appeals.decide, decision, own)
    await act(appeals.decide, decision, an_inspector(subject="inspector-2"))
    assert len(await messages(events.SettlementAppealed)) == 1
    assert await state(settlement_id) == (State.APPROVED if allow else State.REFUSED)
    assert len(await messages(events.SettlementApproved)) == allow
    closed = await messages(events.SettlementClosed)
    assert [event.appealed for event in closed] == ([] if allow else [True])
    with pytest.raises(AppealedBefore):
        await act(appeals.appeal, _appeal(settlement_id), provider)


async def test_after_its_term_nobody_appeals_and_the_refusal_is_for_good(
    store, firm, refused, settled, act, messages, clock
):
    provider = a_provider(firm.organisation_id)
    approved, _ = await settled(begin=BEGIN.replace(hour=4))
    with pytest.raises(NotRefused):
        await act(appeals.appeal, _appeal(approved), provider)
    settlement_id = await refused()

    clock.set(BEGIN.replace(day=9, hour=15, minute=59))
    await fire(store, GROUP)
    assert await messages(events.SettlementClosed) == []
    clock.set(BEGIN.replace(day=9, hour=16))
    with pytest.raises(AppealTooLate):
        await act(appeals.appeal, _appeal(settlement_id), provider)
    await fire(store, GROUP)

    [closed] = await messages(events.SettlementClosed)
    assert (closed.settlement_id, closed.appealed) == (settlement_id, False)
