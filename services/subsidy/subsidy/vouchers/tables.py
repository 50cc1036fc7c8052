"""What is stored of vouchers."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from kit.db.tables import TableBase
from subsidy.vouchers import rules


class Voucher(TableBase, table=True):
    """The voucher of one person, policy and month: issued = free + reserved + captured + lapsed."""

    __table_args__ = (
        Index("voucher_once_a_month_ix", "elder_id", "month", "policy_code", unique=True),
        Index(
            "voucher_month_ix", "month", "voucher_id", postgresql_where=text("lapsed_at is null")
        ),
        Index(
            "voucher_usable_month_ix",
            text("coalesce(usable_month, month)"),
            "voucher_id",
            postgresql_where=text("lapsed_at is null"),
        ),
        Index("voucher_area_code_ix", "area_code", "voucher_id"),
        CheckConstraint(
            "issued_fen > 0 and reserved_fen >= 0 and captured_fen >= 0 and lapsed_fen >= 0"
            " and reserved_fen + captured_fen + lapsed_fen <= issued_fen",
            name="never_negative",
        ),
        CheckConstraint(
            "lapsed_at is null or reserved_fen + captured_fen + lapsed_fen = issued_fen",
            name="nothing_free_after_lapse",
        ),
    )

    voucher_id: UUID = Field(primary_key=True)
    entitlement_id: UUID = Field(index=True)
    elder_id: UUID
    area_code: str = Field(
        description="where the elder lived when it was issued: its money stays there"
    )
    policy_code: str
    policy_version: date
    month: str = Field(max_length=7)
    usable_month: str | None = Field(
        default=None, max_length=7, description="when it can be used, where its month was over"
    )
    issued_fen: int
    reserved_fen: int = 0
    captured_fen: int = 0
    lapsed_fen: int = 0
    lapsed_at: datetime | None = Field(
        default=None,
        description="from then on nothing of it can be held, and what is released is gone",
    )
    version: int = 0

    @property
    def free_fen(self) -> int:
        """What is neither held, used nor gone."""
        return rules.free_fen(
            self.issued_fen, self.reserved_fen, self.captured_fen, self.lapsed_fen
        )
