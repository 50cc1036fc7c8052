"""What is stored of entitlements and of the decisions behind them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlmodel import Field

from kit.db.tables import TableBase
from subsidy.entitlements.rules import State
from subsidy.policies.rules import Cause, Kind


class Case(TableBase, table=True):
    """An elder about whom there is something to decide, because a level was approved once; its lock
    orders the decisions.
    """

    __tablename__ = "elder_case"

    elder_id: UUID = Field(primary_key=True)
    opened_at: datetime


class Entitlement(TableBase, table=True):
    """A person is entitled to one policy in [valid_from, valid_to); two of one person to one policy
    never overlap.
    """

    __table_args__ = (
        ExcludeConstraint(
            (text("uuidrange(elder_id, elder_id, '[]')"), "&&"),
            (text("coderange(policy_code, policy_code, '[]')"), "&&"),
            (text("daterange(valid_from, valid_to, '[)')"), "&&"),
            name="entitlement_once_per_person_and_policy_ex",
            using="gist",
        ),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="ends_after_it_begins"),
        CheckConstraint("(state in (1, 4)) = (valid_to is null)", name="open_has_no_end"),
        CheckConstraint("monthly_fen > 0", name="gives_something"),
        # only the release before reads by it; it goes once that one runs nowhere
        Index("entitlement_open_ix", "kind", "entitlement_id", postgresql_where=text("state = 1")),
        Index("entitlement_area_code_ix", "area_code", "entitlement_id"),
    )

    entitlement_id: UUID = Field(primary_key=True)
    elder_id: UUID = Field(index=True)
    area_code: str = Field(description="where the elder lives now")
    policy_code: str
    policy_version: date
    kind: Kind
    level: int | None = Field(default=None, sa_type=SmallInteger)
    monthly_fen: int = Field(description="fen a month")
    state: State = State.OPEN
    valid_from: date
    valid_to: date | None = Field(default=None, description="first day without it")
    cause: Cause | None = Field(default=None, description="why it was closed")
    opened_at: datetime
    reapplied_at: datetime | None = Field(
        default=None,
        description="when the elder, who had refused it, applied again: it forbids no other",
    )
    version: int = 0


class Decision(TableBase, table=True):
    """What an entitlement's state rests on, frozen when it was decided."""

    entitlement_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, description="the entitlement's version that it made")
    decided_at: datetime
    policy_code: str
    policy_version: date
    monthly_fen: int | None = Field(
        default=None,
        sa_type=BigInteger,
        description="fen a month from then on; absent in older decisions",
    )
    facts: dict[str, object] = Field(sa_column=Column(JSONB, nullable=False))
    steps: list[dict[str, object]] = Field(sa_column=Column(JSONB, nullable=False))
