"""Bytes → dispatch → rows: which orders are known."""

from kit.contracts import ids
from supervision.settings import GROUP
from supervision.testing import an_offer, an_order
from testkit.delivery import deliver


async def test_an_order_is_known_with_who_was_offered_it_last(store, rows):
    order_id, elder_id, organisations = ids.new(), ids.new(), [ids.new(), ids.new()]

    await deliver(
        store,
        GROUP,
        an_order(order_id, elder_id),
        *(an_offer(order_id, elder_id, each) for each in organisations),
    )

    assert await rows("select elder_id, organisation_id from visit_order") == [
        {"elder_id": elder_id, "organisation_id": organisations[1]}
    ]
