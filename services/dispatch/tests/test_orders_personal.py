"""An order's contact and positions are renewed as what they are."""

from dispatch.orders import personal
from dispatch.orders.tables import Order
from dispatch.testing import an_order
from kit.db import rotation, tables
from kit.db.personal import KeyRing
from kit.db.store import Store
from testkit.databases import key_ring

OLD = key_ring()
NEW = key_ring().replace("test", "new")
BEFORE = KeyRing(OLD, None)
ROTATING = KeyRing(f"{NEW},{OLD}", None)
AFTER = KeyRing(NEW, None)


async def test_a_new_key_alone_opens_contact_and_positions_of_every_order(store: Store) -> None:
    of = {one.table.name: one for one in rotation.tables(tables.metadata("dispatch"))}
    assert of.keys() == {"visit_order", "back_entry"}
    placed = an_order(BEFORE, in_place=personal.seal_position(BEFORE, 118.1, 32.1))
    async with store.transaction() as session:
        session.add(placed)

    done = await rotation.rotate(store, ROTATING, of["visit_order"])

    assert (done.renewed, done.left) == (1, {})
    async with store.reading() as session:
        row = await session.get(Order, placed.order_id)
    assert personal.open_contact(AFTER, row.contact) == personal.open_contact(
        BEFORE, placed.contact
    )
    assert personal.open_position(AFTER, row.home) == personal.open_position(BEFORE, placed.home)
    assert personal.open_position(AFTER, row.in_place) == (118.1, 32.1)
    assert row.out_place is None
