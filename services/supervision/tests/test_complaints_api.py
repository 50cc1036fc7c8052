"""Over a real gRPC channel: who sees which complaints."""

from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1.events_pb2 import ComplaintFiled

from kit.contracts import ids
from supervision.settings import GROUP
from supervision.testing import COUNTY, an_offer, an_order
from testkit.delivery import deliver


async def test_complaints_are_listed_to_whom_they_concern_in_pages(call, store, issuer, messages):
    elder_id, organisation_id = ids.new(), ids.new()
    orders = [ids.new() for _ in range(3)]
    for order_id in orders:
        await deliver(
            store,
            GROUP,
            an_order(order_id, elder_id),
            an_offer(order_id, elder_id, organisation_id),
        )
    family = issuer.token(("family",), elder_ids=[str(elder_id)])
    for order_id in orders:
        await call("Complaints/File", pb.FileComplaint(order_id=str(order_id), channel=3), family)

    async def seen(token, **filters):
        page = await call("Complaints/List", pb.ListComplaints(**filters), token)
        return [row.order_id for row in page.rows]

    every = [str(order_id) for order_id in orders]
    assert await seen(family) == every
    assert await seen(issuer.token(("provider",), organisation_id=str(organisation_id))) == every
    assert await seen(issuer.token(("hotline",), area=COUNTY)) == every
    assert await seen(issuer.token(("hotline",), area="341103000000")) == []
    first = await call("Complaints/List", pb.ListComplaints(limit=2), family)
    assert await seen(family, limit=2, after=first.next) == every[2:]
    assert len(await messages(ComplaintFiled)) == 3
