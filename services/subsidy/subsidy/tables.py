"""What this service remembers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlmodel import Field

from kit.db.tables import TableBase
from subsidy.rules.kinds import Account, Cause, HoldState, Kind, PaymentKind, State, Status


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
    source: str
    version: int = 0


class Elder(TableBase, table=True):
    """Replica of the public state of an elder."""

    elder_id: UUID = Field(primary_key=True)
    area_code: str
    hardships: list[int] = Field(sa_column=Column(ARRAY(SmallInteger), nullable=False))
    status: Status
    died_on: date | None = None
    version: int = 0


class Organisation(TableBase, table=True):
    """Replica of a payee of settlements."""

    organisation_id: UUID = Field(primary_key=True)
    area_code: str
    version: int = 0


class Case(TableBase, table=True):
    """An elder about whom there is something to decide, because a level was approved once; its lock
    orders the decisions.
    """

    __tablename__ = "elder_case"

    elder_id: UUID = Field(primary_key=True)
    opened_at: datetime


class Result(TableBase, table=True):
    """An approved level."""

    assessment_id: UUID = Field(primary_key=True)
    elder_id: UUID = Field(index=True)
    level: int = Field(sa_type=SmallInteger)
    valid_from: date
    valid_to: date
    approved_at: datetime


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
        CheckConstraint("(state = 1) = (valid_to is null)", name="open_has_no_end"),
        CheckConstraint("monthly_fen > 0", name="gives_something"),
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
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    steps: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))


class Voucher(TableBase, table=True):
    """The voucher of one person, policy and month: issued = free + reserved + captured + lapsed."""

    __table_args__ = (
        Index("voucher_once_a_month_ix", "elder_id", "month", "policy_code", unique=True),
        Index(
            "voucher_month_ix", "month", "voucher_id", postgresql_where=text("lapsed_at is null")
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
    issued_fen: int
    reserved_fen: int = 0
    captured_fen: int = 0
    lapsed_fen: int = 0
    lapsed_at: datetime | None = Field(
        default=None,
        description="from then on nothing of it can be held, and what is released is gone",
    )
    version: int = 0


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


class Debt(TableBase, table=True):
    """A voucher's part of an audited visit, owed to the organisation that made it."""

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
        description="day of the worker's arrival; absent where the settlement did not tell it",
    )
    payment_id: UUID | None = Field(default=None, index=True)
    reversed_at: datetime | None = Field(
        default=None,
        description="from then on not owed: a late fact took it back before it was paid",
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
            "(kind = 1) = (organisation_id is not null) and (kind = 2) = (elder_id is not "
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


class Recovery(TableBase, table=True):
    """A cash payment that a late fact made wrong, claimed back; what was paid for visits is claimed
    debt by debt (`Debt.recovery_id`).
    """

    recovery_id: UUID = Field(primary_key=True)
    payment_id: UUID = Field(unique=True)
    elder_id: UUID
    entitlement_id: UUID
    area_code: str
    month: str = Field(max_length=7)
    claimed_fen: int
    cause: Cause
    opened_at: datetime


class LedgerEntry(TableBase, table=True):
    """One side of a movement of money. Append-only; the entries of one statement balance in each
    area, or PostgreSQL refuses them.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint(
            "debit_fen >= 0 and credit_fen >= 0 and (debit_fen = 0) <> (credit_fen = 0)",
            name="one_side",
        ),
        Index(
            "ledger_entry_area_code_ix",
            "area_code",
            "account",
            postgresql_include=["debit_fen", "credit_fen"],
        ),
        Index("ledger_entry_document_ix", "document_id"),
    )

    entry_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    account: Account
    area_code: str
    debit_fen: int
    credit_fen: int
    document: str = Field(description="name of the event that it books")
    document_id: UUID = Field(description="voucher, payment or recovery")
    booked_at: datetime


class Run(TableBase, table=True):
    """How far a population-wide run has come; each chunk moves it on in the transaction of its
    effects.
    """

    kind: str = Field(primary_key=True)
    period: str = Field(primary_key=True, description="YYYY-MM, or YYYY-MM-DD for a weekly one")
    cursor: UUID | None = Field(default=None, description="last key that is done")
    done: int = Field(default=0, description="rows written")
    started_at: datetime
    finished_at: datetime | None = None
