"""What is claimed back, and what came of it."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index
from sqlmodel import Field

from kit.db.tables import TableBase
from subsidy.policies.rules import Cause
from subsidy.recoveries import rules
from subsidy.recoveries.rules import RecoveryState

_VERSION = Column("version", BigInteger, server_default="1", nullable=False)


class Recovery(TableBase, table=True):
    """Cash, or what was paid for one visit, that turned out to be too much."""

    __table_args__ = (
        Index("recovery_area_code_ix", "area_code", "recovery_id"),
        Index("recovery_organisation_id_ix", "organisation_id", "recovery_id"),
        Index("recovery_elder_id_ix", "elder_id", "recovery_id"),
        Index("recovery_payment_id_ix", "payment_id"),
        CheckConstraint(
            "repaid_fen >= 0 and waived_fen >= 0 and repaid_fen + waived_fen <= claimed_fen",
            name="never_too_much",
        ),
    )

    # its events are those of the payment, which count the payment's versions: its own grows with
    # each change that is written
    __mapper_args__: ClassVar[dict[str, object]] = {"version_id_col": _VERSION}

    recovery_id: UUID = Field(primary_key=True)
    version: int | None = Field(default=None, sa_column=_VERSION)
    payment_id: UUID
    settlement_id: UUID | None = Field(default=None, description="absent where cash is claimed")
    organisation_id: UUID | None = Field(
        default=None, description="who owes it; absent where cash is claimed"
    )
    elder_id: UUID
    entitlement_id: UUID
    area_code: str = Field(description="where the money stood")
    month: str = Field(max_length=7, description="for which it was paid")
    claimed_fen: int
    repaid_fen: int = 0
    waived_fen: int = 0
    cause: Cause
    state: RecoveryState = RecoveryState.OPEN
    raised_by: str | None = Field(default=None, description="subject; absent: a late fact")
    reason: str = Field(default="", description="of who raised, deferred or waived it last")
    deferred_until: date | None = Field(default=None, description="first day on which it is due")
    opened_at: datetime

    @property
    def outstanding_fen(self) -> int:
        """What is still to come back."""
        return rules.outstanding_fen(self.claimed_fen, self.repaid_fen, self.waived_fen, self.state)


class Repayment(TableBase, table=True):
    """A part of a claim that came back; never changed."""

    __table_args__ = (CheckConstraint("repaid_fen > 0", name="repays_something"),)

    repayment_id: UUID = Field(primary_key=True)
    recovery_id: UUID = Field(index=True)
    repaid_fen: int
    repaid_on: date
    reference: str = Field(description="number of the bank's slip")
    recorded_by: str = Field(description="subject")
    recorded_at: datetime
