"""What is claimed back."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from kit.db.tables import TableBase
from subsidy.policies.rules import Cause


class Recovery(TableBase, table=True):
    """A cash payment that a late fact made wrong, claimed back; what was paid for visits is claimed
    debt by debt (`Debt.recovery_id`).
    """

    recovery_id: UUID = Field(primary_key=True)
    payment_id: UUID = Field(index=True)
    elder_id: UUID
    entitlement_id: UUID
    area_code: str
    month: str = Field(max_length=7)
    claimed_fen: int
    cause: Cause
    opened_at: datetime
