"""What is stored of holds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from kit.db.tables import TableBase
from subsidy.holds.rules import KEPT, HoldState


class Hold(TableBase, table=True):
    """What is held of a voucher for one order."""

    __table_args__ = (
        Index("hold_expires_at_ix", "expires_at", postgresql_where=text("state = 1")),
        CheckConstraint(
            "held_fen >= 0 and (held_fen = 0 or voucher_id is not null)", name="of_a_voucher"
        ),
    )

    order_id: UUID = Field(primary_key=True)
    elder_id: UUID
    voucher_id: UUID | None = Field(
        default=None, description="absent where there was none to hold of"
    )
    month: str = Field(max_length=7)
    held_fen: int
    state: HoldState
    expires_at: datetime = Field(description="real instant")

    @property
    def kept_fen(self) -> int:
        """What of it stands on the account `held`."""
        return self.held_fen if self.state in KEPT else 0
