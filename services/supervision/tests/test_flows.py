"""Inspectors and complaints, on a real database."""

from datetime import timedelta
from uuid import UUID

import pytest
from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1.events_pb2 import (
    ComplaintClosed,
    SettlementApproved,
    SettlementRefused,
    SettlementVerified,
)

from kit.contracts import ids, wire
from kit.contracts.refusals import NotFound
from supervision import consumers, flows
from supervision.errors import AlreadyClosed, AlreadyRefused, AlreadyVerified, NobodyCame, NotHeld
from supervision.rules.verdict import Doubt
from supervision.testing import (
    BEGIN,
    ELSEWHERE,
    a_child_of,
    a_visit,
    an_inspector,
    an_offer,
    an_official,
    an_order,
)
from testkit.telling import tell


@pytest.fixture
def judged(store, firm, rows):
    """`await judged(check_in_m=900)` = id of the settlement of such a visit."""

    async def judge(**given):
        visit = a_visit(firm.worker_id, firm.organisation_id, **given)
        await tell(store, consumers.GROUP, visit)
        [row] = await rows(
            "select settlement_id from settlement where order_id = $1", UUID(visit.order_id)
        )
        return str(row["settlement_id"])

    return judge


async def test_an_inspector_pays_a_held_visit(judged, act, messages):
    settlement_id = await judged(check_in_m=900)

    answer = await act(
        flows.decide, pb.DecideAudit(settlement_id=settlement_id, approve=True), an_inspector()
    )

    [told] = await messages(SettlementApproved)
    assert (told.settlement_id, told.automatic, told.visited_on) == (
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

    [told] = await messages(SettlementRefused)
    assert list(told.doubts) == [Doubt.WRONG_PLACE, Doubt.INSPECTOR]
    assert (told.price_fen, told.voucher_fen) == (3500, 1750)


async def test_only_what_is_held_is_decided_and_only_once(judged, act):
    approved, held = await judged(), await judged(check_in_m=900, begin=BEGIN + timedelta(hours=3))

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


async def test_a_settlement_is_verified_once_and_not_when_it_is_refused(judged, act, messages):
    approved, held = await judged(), await judged(check_in_m=900, begin=BEGIN + timedelta(hours=3))

    for settlement_id, genuine in ((approved, True), (held, False)):
        await act(
            flows.verify,
            pb.VerifySettlement(settlement_id=settlement_id, genuine=genuine),
            an_inspector(),
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

    assert [(told.settlement_id, told.genuine) for told in await messages(SettlementVerified)] == [
        (approved, True),
        (held, False),
    ]


async def test_a_complaint_is_about_an_order_that_is_known_and_was_offered(store, act):
    order_id, elder_id, organisation_id = ids.new(), ids.new(), ids.new()
    request = pb.FileComplaint(order_id=str(order_id), channel=2)
    with pytest.raises(NotFound):
        await act(flows.file, request, an_official())
    await tell(store, consumers.GROUP, an_order(order_id, elder_id))
    with pytest.raises(NobodyCame):
        await act(flows.file, request, an_official())
    await tell(store, consumers.GROUP, an_offer(order_id, elder_id, organisation_id))
    for stranger in (an_official(ELSEWHERE), a_child_of(ids.new())):
        with pytest.raises(NotFound):
            await act(flows.file, request, stranger)

    told = await act(flows.file, request, a_child_of(elder_id))

    assert (told.elder_id, told.organisation_id) == (str(elder_id), str(organisation_id))
    assert wire.instant(told.due_at) - wire.instant(told.filed_at) == timedelta(days=7)


@pytest.mark.parametrize(
    ("after", "in_time"), [(timedelta(days=7), True), (timedelta(days=7, seconds=1), False)]
)
async def test_a_complaint_closed_within_a_week_is_in_time(
    store, act, clock, messages, after, in_time
):
    order_id, elder_id = ids.new(), ids.new()
    await tell(
        store,
        consumers.GROUP,
        an_order(order_id, elder_id),
        an_offer(order_id, elder_id, ids.new()),
    )
    filed = await act(
        flows.file, pb.FileComplaint(order_id=str(order_id), channel=2), an_official()
    )
    request = pb.CloseComplaint(complaint_id=filed.complaint_id, upheld=True)
    clock.set(BEGIN + after)

    with pytest.raises(NotFound):
        await act(flows.close, request, an_official(ELSEWHERE))
    await act(flows.close, request, an_official())

    [told] = await messages(ComplaintClosed)
    assert (told.in_time, told.upheld) == (in_time, True)
    with pytest.raises(AlreadyClosed):
        await act(flows.close, request, an_official())
