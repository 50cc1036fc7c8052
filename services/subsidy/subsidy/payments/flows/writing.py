"""Writes payments and publishes them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import PaymentMade

from kit.contracts import wire
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.payments.rules import PaymentKind

_INSERT = """
insert into payment (
    payment_id, kind, organisation_id, elder_id, entitlement_id, area_code, policy_code, month,
    paid_fen, settlements, due_on, paid_on, paid_at, version)
select * from unnest(
    $1::uuid[], $2::smallint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
    $8::text[], $9::bigint[], $10::int[], $11::date[], $12::date[], $13::timestamptz[], $14::int[])
on conflict (entitlement_id, month) where kind = 2 do nothing
returning payment_id
"""


class NewPayment(NamedTuple):
    """Columns of a payment in the order in which runs write them."""

    payment_id: UUID
    kind: PaymentKind
    organisation_id: UUID | None
    elder_id: UUID | None
    entitlement_id: UUID | None
    area_code: str
    policy_code: str
    month: str
    paid_fen: int
    settlements: int
    due_on: date
    paid_on: date
    paid_at: datetime
    version: int = 1


async def insert(session: Session, payments: Sequence[NewPayment]) -> list[NewPayment]:
    """Writes and publishes payments; returns those that were not there before."""
    if not payments:
        return []
    driver = await session.driver()
    columns = [list(column) for column in zip(*payments, strict=True)]
    written = {row["payment_id"] for row in await driver.fetch(_INSERT, *columns)}
    made = [payment for payment in payments if payment.payment_id in written]
    for payment in made:
        emit(session, wire.message(PaymentMade, payment), sequence=payment.version)
    return made
