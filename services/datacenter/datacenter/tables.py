"""What the data center remembers: the archive, what is known of each thing, the counts, how fresh
they are, and their proofs.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, SmallInteger, Text, text
from sqlmodel import Field

from kit.db.tables import TableBase


class Archived(TableBase, table=True):
    """An event as it was heard; never changed. One partition for each day of real time inside the
    ids.
    """

    __tablename__ = "archive"
    __table_args__ = (
        Index("archive_batch_ix", "batch", postgresql_using="brin"),
        Index("archive_area_ix", "area_code", "time"),
        Index("archive_thing_ix", "thing"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    id: UUID = Field(primary_key=True, description="ce_id, UUIDv7")
    type: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    thing: UUID | None = Field(
        default=None,
        description="what it is about in the counts: the elder of a result, the order of an offer",
    )
    sequence: int = Field(sa_type=BigInteger)
    area_code: str | None = Field(default=None, sa_type=Text)
    time: datetime = Field(description="business instant")
    topic: str = Field(sa_type=Text)
    partition: int
    offset: int = Field(sa_type=BigInteger)
    traceparent: str | None = Field(default=None, sa_type=Text)
    headers: bytes = Field(
        description="those that have no column, as they came, one `name: value` in a line"
    )
    payload: bytes
    batch: int = Field(
        sa_type=BigInteger,
        description="number of the transaction that kept it; they are numbered in the order of commits",
    )


class ArchivedDay(TableBase, table=True):
    """A day that left the archive as a file: written in the transaction that drops the day's
    partition, gone when the day is back.
    """

    __tablename__ = "archived_day"

    day: date = Field(primary_key=True, description="real day inside the ids, UTC")
    file: str = Field(sa_type=Text, description="where it was written, as the exporter saw it")
    checksum: str = Field(sa_type=Text, description="SHA-256 of the file, hexadecimal")
    rows: int = Field(sa_type=BigInteger)
    digest: str = Field(
        sa_type=Text,
        description="of all columns of all rows in any order, hexadecimal; see flows.dayfiles.Digest",
    )
    first_id: UUID
    last_id: UUID
    newest: datetime = Field(description="newest business instant of its events")
    exported_at: datetime = Field(description="real instant")


class Projection(TableBase, table=True):
    """Which generation of the counts is shown, and how far the archive goes. One row; its lock puts
    all batches into one order.
    """

    one: int = Field(default=1, sa_type=SmallInteger, primary_key=True)
    live: int = Field(
        sa_type=SmallInteger,
        description="generation that is shown, 1 or 2; the other one is built beside it",
    )
    batch: int = Field(sa_type=BigInteger, description="number of the last transaction")
    counted_by: str | None = Field(
        None, description="by whose rules what is shown was counted; see flows.renewing"
    )
    counted_to: int = Field(
        0,
        sa_column=Column(BigInteger, nullable=False, server_default="0"),
        description="up to which batch by these alone",
    )


class Thing(TableBase, table=True):
    """What is known of one elder, order, facility …: all that its share in the counts depends on."""

    __table_args__ = ({"postgresql_partition_by": "LIST (generation)"},)

    generation: int = Field(sa_type=SmallInteger, primary_key=True)
    kind: int = Field(
        sa_type=SmallInteger, primary_key=True, description="flows.reading.values.Kind"
    )
    id: UUID = Field(primary_key=True)
    known: str = Field(
        sa_column=Column(Text, nullable=False), description="JSON; `rules` tells its form"
    )


class Count(TableBase, table=True):
    """By how much each stock changes in a month, and what each flow counts in it, for an area of
    any level (see `rules.measures`).

    Absent is no change. All measures of an area and month lie in one row, since one event moves
    several of them.
    """

    __table_args__ = (
        Index(
            "count_presence_ix",
            "generation",
            "area_code",
            "month",
            postgresql_where=text("facilities is not null or town_facilities is not null"),
        ),
        {"postgresql_partition_by": "LIST (generation)"},
    )

    generation: int = Field(sa_type=SmallInteger, primary_key=True)
    area_code: str = Field(
        sa_type=Text, primary_key=True, description="12 digits: village, township, county or city"
    )
    month: int = Field(
        primary_key=True,
        description="year × 12 + month − 1; it may lie in the future, as a birthday does",
    )
    alive: int | None = Field(default=None, sa_type=BigInteger)
    alive_65: int | None = Field(default=None, sa_type=BigInteger)
    alive_80: int | None = Field(default=None, sa_type=BigInteger)
    alone: int | None = Field(default=None, sa_type=BigInteger)
    complete: int | None = Field(default=None, sa_type=BigInteger)
    special: int | None = Field(default=None, sa_type=BigInteger)
    basic: int | None = Field(default=None, sa_type=BigInteger)
    basic_assessed: int | None = Field(default=None, sa_type=BigInteger)
    assessed: int | None = Field(default=None, sa_type=BigInteger)
    assessed_65: int | None = Field(default=None, sa_type=BigInteger)
    dependent: int | None = Field(default=None, sa_type=BigInteger)
    care_eligible: int | None = Field(default=None, sa_type=BigInteger)
    care_given: int | None = Field(default=None, sa_type=BigInteger)
    facilities: int | None = Field(default=None, sa_type=BigInteger)
    town_facilities: int | None = Field(default=None, sa_type=BigInteger)
    beds: int | None = Field(default=None, sa_type=BigInteger)
    county_beds: int | None = Field(default=None, sa_type=BigInteger)
    county_nursing_beds: int | None = Field(default=None, sa_type=BigInteger)
    social_beds: int | None = Field(default=None, sa_type=BigInteger)
    stays: int | None = Field(default=None, sa_type=BigInteger)
    caregivers: int | None = Field(default=None, sa_type=BigInteger)
    certified: int | None = Field(default=None, sa_type=BigInteger)
    vouchered: int | None = Field(default=None, sa_type=BigInteger)
    results: int | None = Field(default=None, sa_type=BigInteger)
    results_in_time: int | None = Field(default=None, sa_type=BigInteger)
    results_appealed: int | None = Field(default=None, sa_type=BigInteger)
    results_paired: int | None = Field(default=None, sa_type=BigInteger)
    issued_fen: int | None = Field(default=None, sa_type=BigInteger)
    captured_fen: int | None = Field(default=None, sa_type=BigInteger)
    payments: int | None = Field(default=None, sa_type=BigInteger)
    payments_in_time: int | None = Field(default=None, sa_type=BigInteger)
    paid_cash_fen: int | None = Field(default=None, sa_type=BigInteger)
    claimed_fen: int | None = Field(default=None, sa_type=BigInteger)
    settled: int | None = Field(default=None, sa_type=BigInteger)
    verified: int | None = Field(default=None, sa_type=BigInteger)
    offers: int | None = Field(default=None, sa_type=BigInteger)
    offers_accepted: int | None = Field(default=None, sa_type=BigInteger)
    finished: int | None = Field(default=None, sa_type=BigInteger)
    finished_in_time: int | None = Field(default=None, sa_type=BigInteger)
    finished_followed_up: int | None = Field(default=None, sa_type=BigInteger)
    orders: int | None = Field(default=None, sa_type=BigInteger)
    orders_finished: int | None = Field(default=None, sa_type=BigInteger)
    answers: int | None = Field(default=None, sa_type=BigInteger)
    answers_satisfied: int | None = Field(default=None, sa_type=BigInteger)
    complaints: int | None = Field(default=None, sa_type=BigInteger)
    complaints_in_time: int | None = Field(default=None, sa_type=BigInteger)
    applications: int | None = Field(default=None, sa_type=BigInteger)
    applications_online: int | None = Field(default=None, sa_type=BigInteger)
    applications_valid: int | None = Field(default=None, sa_type=BigInteger)
    applications_portal: int | None = Field(default=None, sa_type=BigInteger)
    applications_hotline: int | None = Field(default=None, sa_type=BigInteger)
    applications_mobile: int | None = Field(default=None, sa_type=BigInteger)
    applications_terminal: int | None = Field(default=None, sa_type=BigInteger)
    finished_funded: int | None = Field(default=None, sa_type=BigInteger)
    finished_funded_followed_up: int | None = Field(default=None, sa_type=BigInteger)
    given_fen: int | None = Field(
        default=None, sa_type=BigInteger, description="cash paid and vouchers used for the month"
    )


class Heard(TableBase, table=True):
    """How far a topic is heard, by month of business time."""

    topic: str = Field(sa_type=Text, primary_key=True, description="aggregate, `order`")
    month: int = Field(primary_key=True)
    newest: datetime = Field(description="newest business instant of that month")
    applied_at: datetime = Field(
        description="real instant at which the last batch with it was applied"
    )


class Proved(TableBase, table=True):
    """The counts of a month, recounted from the archive by other means, compared with those shown."""

    __tablename__ = "proof"
    __table_args__ = (Index("proof_month_ix", "month", "proved_at"),)

    proof_id: UUID = Field(primary_key=True)
    area_code: str = Field(sa_type=Text)
    month: int
    figures: int = Field(description="figures compared")
    events: int = Field(sa_type=BigInteger, description="events of the archive that were read")
    proved_at: datetime = Field(description="business instant")


class Differed(TableBase, table=True):
    """A figure whose two values are not the same."""

    __tablename__ = "difference"

    proof_id: UUID = Field(primary_key=True, foreign_key="proof.proof_id")
    code: str = Field(sa_type=Text, primary_key=True)
    area_code: str = Field(sa_type=Text, primary_key=True)
    shown_numerator: int = Field(sa_type=BigInteger)
    shown_denominator: int = Field(sa_type=BigInteger)
    recomputed_numerator: int = Field(sa_type=BigInteger)
    recomputed_denominator: int = Field(sa_type=BigInteger)
