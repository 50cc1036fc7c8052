"""An order's contact and places are renewed as what they are."""

from dispatch import sealed
from dispatch.tables import Order
from dispatch.testing import an_order
from kit.db import rotation, tables
from kit.db.personal import KeyRing
from kit.db.store import Store
from testkit.databases import key_ring

OLD, NEW = key_ring(), key_ring().replace("test", "new")
BEFORE, ROTATING, AFTER = KeyRing(OLD, None), KeyRing(f"{NEW},{OLD}", None), KeyRing(NEW, None)


async def test_a_new_key_alone_opens_contact_and_places_of_every_order(store: Store) -> None:
    (personal,) = rotation.tables(tables.metadata("dispatch"))
    placed = an_order(BEFORE, in_place=sealed.seal_place(BEFORE, 118.1, 32.1))
    async with store.transaction() as session:
        session.add(placed)

    done = await rotation.rotate(store, ROTATING, personal)

    assert (done.renewed, done.left) == (1, {})
    async with store.reading() as session:
        row = await session.get(Order, placed.order_id)
    assert sealed.open_contact(AFTER, row.contact) == sealed.open_contact(BEFORE, placed.contact)
    assert sealed.open_place(AFTER, row.home) == sealed.open_place(BEFORE, placed.home)
    assert sealed.open_place(AFTER, row.in_place) == (118.1, 32.1)
    assert row.out_place is None
