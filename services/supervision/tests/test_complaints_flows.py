"""Complaints, on a real database."""

from dataclasses import replace
from datetime import timedelta

import pytest
from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1.events_pb2 import ComplaintClosed

from kit.contracts import ids, wire
from kit.contracts.refusals import NotFound
from supervision.complaints import flows
from supervision.complaints.errors import AlreadyClosed, NobodyCame, OwnInterest, SecondDuty
from supervision.settings import GROUP
from supervision.testing import BEGIN, ELSEWHERE, a_child_of, an_offer, an_official, an_order
from testkit.delivery import deliver


async def test_a_complaint_is_about_an_order_that_is_known_and_was_offered(store, act):
    order_id, elder_id, organisation_id = ids.new(), ids.new(), ids.new()
    request = pb.FileComplaint(order_id=str(order_id), channel=2)
    with pytest.raises(NotFound):
        await act(flows.file, request, an_official())
    await deliver(store, GROUP, an_order(order_id, elder_id))
    with pytest.raises(NobodyCame):
        await act(flows.file, request, an_official())
    await deliver(store, GROUP, an_offer(order_id, elder_id, organisation_id))
    for stranger in (an_official(ELSEWHERE), a_child_of(ids.new())):
        with pytest.raises(NotFound):
            await act(flows.file, request, stranger)

    filed = await act(flows.file, request, a_child_of(elder_id))

    assert (filed.elder_id, filed.organisation_id) == (str(elder_id), str(organisation_id))
    assert wire.instant(filed.due_at) - wire.instant(filed.filed_at) == timedelta(days=7)


@pytest.mark.parametrize(
    ("after", "in_time"), [(timedelta(days=7), True), (timedelta(days=7, seconds=1), False)]
)
async def test_a_complaint_closed_within_a_week_is_in_time(
    store, act, clock, messages, after, in_time
):
    order_id, elder_id = ids.new(), ids.new()
    await deliver(
        store,
        GROUP,
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
    with pytest.raises(SecondDuty):
        await act(flows.close, request, an_official())
    kin = replace(an_official(subject="official-2"), elder_ids=frozenset({str(elder_id)}))
    with pytest.raises(OwnInterest):
        await act(flows.close, request, kin)
    await act(flows.close, request, an_official(subject="official-2"))

    [closed] = await messages(ComplaintClosed)
    assert (closed.in_time, closed.upheld) == (in_time, True)
    with pytest.raises(AlreadyClosed):
        await act(flows.close, request, an_official())
