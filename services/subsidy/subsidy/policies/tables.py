"""The policies that this service has published."""

from datetime import date
from uuid import UUID

from sqlalchemy import SmallInteger
from sqlmodel import Field

from kit.db.tables import TableBase
from subsidy.policies.rules import Kind, Span


class Policy(TableBase, table=True):
    """A dated version of a policy, as it was published."""

    policy_id: UUID = Field(primary_key=True)
    policy_code: str = Field(index=True)
    policy_version: date
    kind: Kind
    area_code: str
    name_zh: str
    name_en: str
    monthly_cap_fen: int = Field(description="fen a month, 0 where the version ends the policy")
    home_share: float | None = None
    institution_share: float | None = None
    least_level: int | None = Field(default=None, sa_type=SmallInteger)
    least_age: int | None = Field(default=None, sa_type=SmallInteger)
    period: Span = Field(
        default=Span.MONTH, sa_column_kwargs={"server_default": "1"}, description="of an amount"
    )
    source: str
    version: int = 0
