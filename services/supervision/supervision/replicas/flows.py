"""Keeps what is known of an order: no event of it carries its full state."""

from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderAssigned, OrderPlaced

from kit.contracts import wire
from kit.db.store import Session
from supervision.replicas.tables import Order


async def replicate_order(session: Session, event: OrderPlaced | OrderAssigned) -> None:
    """Notes that an order exists, and who was offered it last."""
    organisation_id = UUID(event.organisation_id) if isinstance(event, OrderAssigned) else None
    order: Order | None = await session.get(Order, UUID(event.order_id))
    if order is None:
        order = wire.row(
            Order,
            event,
            order_id=UUID(event.order_id),
            elder_id=UUID(event.elder_id),
            organisation_id=organisation_id,
        )
        session.add(order)
    elif organisation_id is not None:
        order.organisation_id = organisation_id
