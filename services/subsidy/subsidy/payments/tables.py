"""What is owed to organisations, and what was paid."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from kit.db.tables import TableBase
from subsidy.payments.rules import PaymentKind
from subsidy.policies.rules import Cause


class Debt(TableBase, table=True):
    """A voucher's part of an audited visit, or of an approved month of a stay, owed to the
    organisation that gave it.
    """

    __table_args__ = (
        Index(
            "debt_unpaid_ix",
            "organisation_id",
            "settlement_id",
            postgresql_where=text("payment_id is null"),
        ),
        CheckConstraint("captured_fen > 0", name="owes_something"),
    )

    settlement_id: UUID = Field(primary_key=True)
    order_id: UUID = Field(unique=True)
    voucher_id: UUID = Field(index=True)
    organisation_id: UUID
    area_code: str = Field(description="of the voucher")
    policy_code: str
    month: str = Field(max_length=7, description="of the voucher")
    captured_fen: int
    due_on: date
    visited_on: date | None = Field(
        default=None,
        description=(
            "day of the worker's arrival, absent where the settlement did not tell it; last day "
            "of the month of a stay"
        ),
    )
    is_stay: bool = Field(
        default=False, description="of a month of a stay, which knows its own days; else of a visit"
    )
    payment_id: UUID | None = Field(default=None, index=True)
    held_at: datetime | None = Field(
        default=None, description="not paid since then: its settlement is disputed"
    )
    reversed_at: datetime | None = Field(
        default=None,
        description="from then on not owed: a late fact took it back before it was paid",
    )
    reversed_for: Cause | None = Field(
        default=None, description="why; absent of those that 0.1.0 took back, for a death"
    )
    recovery_id: UUID | None = Field(
        default=None,
        description="of the claim to what was paid for it, where a late fact came after that",
    )


class Payment(TableBase, table=True):
    """Money that left the fund; never changed."""

    __table_args__ = (
        Index(
            "payment_once_a_month_ix",
            "entitlement_id",
            "month",
            unique=True,
            postgresql_where=text("kind = 2"),
        ),
        Index("payment_area_code_ix", "area_code", "payment_id"),
        Index(
            "payment_organisation_id_ix",
            "organisation_id",
            "payment_id",
            postgresql_where=text("kind = 1"),
        ),
        CheckConstraint("paid_fen > 0", name="pays_something"),
        CheckConstraint(
            "(kind = 1) = (organisation_id is not null) and (kind in (2, 3)) = (elder_id is not "
            "null and entitlement_id is not null)",
            name="one_payee",
        ),
    )

    payment_id: UUID = Field(primary_key=True)
    kind: PaymentKind
    organisation_id: UUID | None = None
    elder_id: UUID | None = Field(default=None, index=True)
    entitlement_id: UUID | None = None
    area_code: str
    policy_code: str
    month: str = Field(max_length=7)
    paid_fen: int
    settlements: int = 0
    due_on: date
    paid_on: date
    paid_at: datetime
    version: int = 0
