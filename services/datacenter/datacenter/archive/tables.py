"""What the archive stores: every event as it came, and which days of it are files."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field

from kit.db.tables import TableBase


class Archived(TableBase, table=True):
    """An event as it came; never changed. One partition for each day of real time inside the
    ids.
    """

    __tablename__ = "archive"
    __table_args__ = (
        Index("archive_batch_ix", "batch", postgresql_using="brin"),
        Index("archive_area_ix", "area_code", "time"),
        Index("archive_thing_ix", "thing"),
        Index("archive_type_ix", "type", "time", "id"),
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
        description=(
            "number of the transaction that kept it; they are numbered in the order of commits"
        ),
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
        description=(
            "of all columns of all rows in any order, hexadecimal; see "
            "archive.flows.dayfiles.Digest"
        ),
    )
    first_id: UUID
    last_id: UUID
    newest: datetime = Field(description="newest business instant of its events")
    exported_at: datetime = Field(description="real instant")
