"""Fees of facilities, months of stays, and what elders paid of them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from facility.charges.rules import ChargeState
from kit.db.tables import TableBase


class StayFee(TableBase, table=True):
    """What a month in a facility costs from a day on; never changed."""

    __tablename__ = "stay_fee"
    __table_args__ = (CheckConstraint("monthly_fen > 0", name="asks_something"),)

    facility_id: UUID = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    organisation_id: UUID
    area_code: str = Field(description="of the facility")
    monthly_fen: int = Field(description="fen a month")
    declared_by: str = Field(description="subject")
    declared_at: datetime


class StayCharge(TableBase, table=True):
    """What a month of a stay comes to: made when the month is over, lowered where days of it turn
    out to be none.
    """

    __tablename__ = "stay_charge"
    __table_args__ = (
        UniqueConstraint("stay_id", "month", name="stay_charge_once_a_month"),
        CheckConstraint("price_fen >= 0 and days >= 0 and received_fen >= 0", name="not_negative"),
        Index("stay_charge_area_code_ix", "area_code", "charge_id"),
        Index("stay_charge_organisation_id_ix", "organisation_id", "charge_id"),
        Index("stay_charge_elder_id_ix", "elder_id", "charge_id"),
    )

    charge_id: UUID = Field(primary_key=True)
    version: int = 0
    stay_id: UUID
    facility_id: UUID
    organisation_id: UUID
    elder_id: UUID
    area_code: str = Field(description="of the facility")
    month: str = Field(max_length=7)
    days: int = Field(description="of the stay in the month that have a fee")
    last_on: date | None = Field(default=None, description="last of these days")
    price_fen: int
    state: ChargeState = ChargeState.OPEN
    reason: str = Field(default="", description="why it was refused")
    decided_by: str | None = Field(default=None, description="subject")
    voucher_fen: int | None = Field(
        default=None, description="what the elder's voucher pays of it; absent: not known yet"
    )
    received_fen: int = Field(default=0, description="of the own share")
    charged_at: datetime

    @property
    def own_fen(self) -> int | None:
        """What is left to the elder; absent: not known yet."""
        if self.state is ChargeState.REFUSED:
            return self.price_fen
        return None if self.voucher_fen is None else max(0, self.price_fen - self.voucher_fen)


class ShareReceipt(TableBase, table=True):
    """What an elder paid of the own share of a month's charge; never changed."""

    __tablename__ = "share_receipt"
    __table_args__ = (CheckConstraint("received_fen > 0", name="receives_something"),)

    receipt_id: UUID = Field(primary_key=True)
    charge_id: UUID = Field(index=True)
    received_fen: int
    received_on: date
    recorded_by: str = Field(description="subject")
    receipted_at: datetime
