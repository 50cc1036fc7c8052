"""What dispatch stores of an order, and who turned it down."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, text
from sqlmodel import Field

from dispatch.orders.personal import CONTACT, POSITION
from dispatch.orders.rules import BackEntryState, ReceiptMethod, State
from kit.db.columns import sealed
from kit.db.tables import TableBase


class Order(TableBase, table=True):
    """A visit from its order to its end.

    The order bears the elder's contact as the register has it until the visit begins; all personal
    columns are sealed.
    """

    __tablename__ = "visit_order"
    __table_args__ = (
        CheckConstraint("wanted_from < wanted_to", name="window"),
        CheckConstraint("(state in (1, 2)) = (worker_id is null) or state = 7", name="worker"),
        CheckConstraint("0 <= voucher_fen and voucher_fen <= price_fen", name="voucher"),
        Index(
            "visit_order_open_ix", "wanted_from", "area_code", postgresql_where=text("state = 2")
        ),
        Index("visit_order_reserving_ix", "placed_at", postgresql_where=text("state = 1")),
        Index("visit_order_area_ix", "area_code", "order_id"),
        Index("visit_order_elder_ix", "elder_id", "order_id"),
        Index("visit_order_organisation_ix", "organisation_id", "order_id"),
        Index("visit_order_day_ix", "worker_id", "planned_at"),
        Index("visit_order_left_ix", "worker_id", "checked_out_at"),
    )

    order_id: UUID = Field(
        primary_key=True, description="made from the client and its idempotency key"
    )
    version: int = 0
    digest: bytes = Field(description="of the request: the same key with another body is refused")
    elder_id: UUID
    area_code: str = Field(
        description=(
            "of the elder's home when it was placed: its figures and its county's workers stay "
            "the same"
        )
    )
    organisation_id: UUID | None = None
    worker_id: UUID | None = None
    item_code: str
    help: int = Field(sa_type=SmallInteger)
    state: State
    planned_min: int
    price_fen: int
    voucher_fen: int = 0
    wanted_from: datetime
    wanted_to: datetime
    planned_at: datetime | None = None
    placed_at: datetime
    channel: int = Field(sa_type=SmallInteger)
    cause: int | None = Field(
        default=None, sa_type=SmallInteger, description="OrderCancelled.Cause, once cancelled"
    )
    accepted_at: datetime | None = None
    cancelled_at: datetime | None = None
    attempt: int = Field(default=0, description="offers made so far")
    refused_at: datetime | None = Field(
        default=None, description="its visit is not paid for good: the elder owes nothing for it"
    )
    followed_up: bool = False
    institution: bool = Field(default=False, description="the elder lives in an institution")
    voucher: bool = Field(default=True, description="a voucher may pay a part")
    contact: bytes | None = sealed(CONTACT, default=None, description="JSON: name, phone, address")
    home: bytes | None = sealed(
        POSITION, default=None, description="position of the home; absent where none is known"
    )
    checked_in_at: datetime | None = Field(default=None, description="device")
    checked_out_at: datetime | None = Field(default=None, description="device")
    check_in_m: int | None = Field(default=None, description="from the home")
    in_place: bytes | None = sealed(POSITION, default=None, description="position of the check-in")
    out_place: bytes | None = sealed(
        POSITION, default=None, description="position of the check-out"
    )

    @property
    def own_fen(self) -> int:
        """What the elder pays."""
        return 0 if self.refused_at else self.price_fen - self.voucher_fen


@dataclass(frozen=True, slots=True)
class OrderRow:
    """What raw flows read of an order: an `Order` takes a hundred times as long to make (400 µs,
    this 4), and orders, check-ins and check-outs are hot. Fields are columns of `Order`.
    """

    order_id: UUID
    version: int
    digest: bytes
    elder_id: UUID
    area_code: str
    organisation_id: UUID | None
    worker_id: UUID | None
    item_code: str
    help: int
    state: int
    planned_min: int
    price_fen: int
    voucher_fen: int
    wanted_from: datetime
    wanted_to: datetime
    planned_at: datetime | None
    placed_at: datetime
    channel: int
    followed_up: bool
    institution: bool
    voucher: bool
    home: bytes | None
    checked_in_at: datetime | None
    check_in_m: int | None
    in_place: bytes | None
    accepted_at: datetime | None
    cancelled_at: datetime | None

    @property
    def own_fen(self) -> int:
        """What the elder pays."""
        return self.price_fen - self.voucher_fen


class BackEntry(TableBase, table=True):
    """A visit that a device told after its order had ended (补录), and what became of it."""

    __tablename__ = "back_entry"
    __table_args__ = (
        Index("back_entry_area_ix", "area_code", "order_id"),
        Index("back_entry_organisation_ix", "organisation_id", "order_id"),
    )

    order_id: UUID = Field(primary_key=True)
    elder_id: UUID
    area_code: str
    organisation_id: UUID
    worker_id: UUID
    state: BackEntryState
    checked_in_at: datetime = Field(description="device")
    checked_out_at: datetime | None = Field(default=None, description="device")
    check_in_m: int | None = Field(default=None, description="from the home")
    in_place: bytes | None = sealed(POSITION, default=None, description="position of the check-in")
    out_place: bytes | None = sealed(
        POSITION, default=None, description="position of the check-out"
    )
    filed_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = Field(default=None, description="subject")


class Receipt(TableBase, table=True):
    """What an elder paid of the own share of a visit's price, or was given back of it, as it stood
    then; never changed.
    """

    __table_args__ = (
        CheckConstraint("received_fen > 0 and outstanding_fen >= 0", name="receives_something"),
        Index("receipt_area_ix", "area_code", "receipt_id"),
        Index("receipt_organisation_ix", "organisation_id", "receipt_id"),
        Index("receipt_elder_ix", "elder_id", "receipt_id"),
    )

    receipt_id: UUID = Field(primary_key=True, description="its number")
    order_id: UUID = Field(index=True)
    elder_id: UUID
    area_code: str
    organisation_id: UUID
    worker_id: UUID
    item_code: str
    price_fen: int
    voucher_fen: int
    own_fen: int
    received_fen: int
    outstanding_fen: int = Field(description="of the own share, or to be given back, after it")
    refund: bool = Field(default=False, description="given back, since the visit was refused")
    method: ReceiptMethod
    received_on: date
    recorded_by: str = Field(description="subject")
    receipted_at: datetime


class Declined(TableBase, table=True):
    """Who is not offered an order again."""

    order_id: UUID = Field(primary_key=True)
    worker_id: UUID = Field(primary_key=True)
    declined_at: datetime
