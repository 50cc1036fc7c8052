"""What every service remembers for the kit's sake; its own tables derive from `TableBase` too."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from kit.db.columns import sealed
from kit.db.table_base import Numbered as Numbered
from kit.db.table_base import TableBase as TableBase
from kit.db.table_base import metadata as metadata


class Outbox(TableBase, table=True):
    """A message to Kafka that nobody has acknowledged yet; the relay of its part deletes it."""

    # a queue that is never long: without this, vacuum comes only after the dead rows have slowed
    # the relay down
    __table_args__ = (
        {
            "postgresql_with": {
                "autovacuum_vacuum_scale_factor": "0",
                "autovacuum_vacuum_threshold": "5000",
            }
        },
    )

    part: int = Field(
        sa_type=SmallInteger, primary_key=True, description="crc32(key) mod number of parts"
    )
    seq: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, Identity(always=True), primary_key=True),
        description=(
            "rises in the order of commits per aggregate only, since it is drawn under the "
            "aggregate's row lock; never a cursor"
        ),
    )
    id: UUID = Field(description="ce_id")
    topic: str
    key: str
    headers: str = Field(sa_type=Text, description="JSON object of strings, ready to be sent")
    payload: bytes
    recorded_at: datetime = Field(description="real instant of emit()")


class Sent(TableBase, table=True):
    """How far a partition of Kafka holds messages of ours that have left the outbox; moved in the
    statement that deletes them.

    Every record below the highest `next` of its partition was published by a transaction that
    stands in this database, and every message that stands in it and is not in the outbox lies
    below. So a restored database knows which records belong to its past.
    """

    # rewritten at every round of a relay: in its own page
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)

    part: int = Field(
        sa_type=SmallInteger,
        primary_key=True,
        description="of the outbox: so no relay waits for another",
    )
    cluster: str = Field(
        primary_key=True, description="Kafka's cluster id: another cluster has other offsets"
    )
    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    next: int = Field(
        sa_type=BigInteger,
        description="offset behind the last message that was acknowledged and deleted",
    )


class Epoch(TableBase, table=True):
    """A restore of this database from a backup; the highest number is the present epoch, 0 where
    there was none.

    It raises `ce_sequence` above all that was published between the backup and its restore: see
    kit.messaging.outbox.
    """

    epoch: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False),
        description=(
            "seconds from 2026 to the restore: higher than that of any other restore, also of "
            "one that the backup knows nothing of"
        ),
    )
    restore_id: UUID = Field(
        unique=True, description="the same in all databases that were restored together"
    )
    cluster: str = Field(description="Kafka's cluster id from then on")
    began_at: datetime = Field(description="real")


class Command(TableBase, table=True):
    """A request that was answered, by its idempotency key."""

    __table_args__ = (Index("command_answered_at_ix", "answered_at", postgresql_using="brin"),)

    client: str = Field(
        primary_key=True, description="whose key it is: the client's, or its organisation's there"
    )
    method: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: bytes = Field(
        description="of the request's bytes: the same key with another body is refused"
    )
    answer: bytes = sealed("answer")
    answered_at: datetime = Field(description="real")


class Due(TableBase, table=True):
    """A timer that has not fired."""

    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    at: datetime = Field(index=True, description="business instant")
    tries: int = Field(default=0, description="failed ones")
    not_before: datetime | None = Field(
        default=None, description="real instant until which a failed timer rests"
    )
    reason: str | None = Field(default=None, description="why it failed last")


class AuditRecord(TableBase, table=True):
    """Who looked at whose personal data, or changed it; the sealer chains the records by hash."""

    __tablename__ = "audit_record"
    __table_args__ = (
        Index("audit_record_unsealed_ix", "audit_id", postgresql_where=text("position is null")),
    )

    audit_id: UUID = Field(primary_key=True)
    at: datetime = Field(description="business instant")
    recorded_at: datetime = Field(description="real instant")
    subject: str = Field(description="who, as the token says")
    client_id: str
    method: str = Field(description="full name of the method that was called")
    channel: str
    elder_ids: list[str] = Field(
        sa_column=Column(ARRAY(Text), nullable=False), description="whose data"
    )
    purpose: str = ""
    correlation_id: str = ""
    position: int | None = Field(
        default=None,
        sa_type=BigInteger,
        unique=True,
        description="place in the chain; absent until sealed",
    )
    seal: bytes | None = Field(
        default=None, description="SHA-256 over the seal before and this record"
    )


class Position(TableBase, table=True):
    """How far a group has read a partition, and what has become of its records; moved in the
    transaction of their effects.

    Always: next - begin = applied + repeated + foreign_ + waiting + parked + held + gaps.
    """

    group: str = Field(primary_key=True)
    cluster: str = Field(
        primary_key=True, description="Kafka's cluster id: another cluster has other offsets"
    )
    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    begin: int = Field(sa_type=BigInteger, description="offset this group started from")
    next: int = Field(sa_type=BigInteger, description="offset that is read next; never goes back")
    applied: int = Field(default=0, sa_type=BigInteger)
    repeated: int = Field(default=0, sa_type=BigInteger, description="said before, skipped")
    foreign_: int = Field(
        default=0, sa_type=BigInteger, description="of a type this group does not hear"
    )
    waiting: int = Field(
        default=0, sa_type=BigInteger, description="rows of this partition in `waiting`"
    )
    parked: int = Field(
        default=0, sa_type=BigInteger, description="rows in `parked` that are not held"
    )
    held: int = Field(
        default=0,
        sa_type=BigInteger,
        description="rows in `parked` that only stand behind another of their key",
    )
    gaps: int = Field(
        default=0,
        sa_type=BigInteger,
        description="offsets without a record: compacted, or a marker of the broker",
    )
    run: int = Field(
        default=0, description="records parked since one was applied; too many stop the group"
    )


class Inbox(TableBase, table=True):
    """An event that was consumed; its repetition is skipped."""

    __table_args__ = (Index("inbox_heard_at_ix", "heard_at", postgresql_using="brin"),)

    id: UUID = Field(
        primary_key=True,
        description="ce_id; first in the key, because ids that rise keep the index warm",
    )
    source: str = Field(primary_key=True, description="ce_source")
    group: str = Field(primary_key=True)
    heard_at: datetime = Field(
        description="real", sa_column_kwargs={"server_default": text("now()")}
    )


class Waiting(TableBase, table=True):
    """A record that refers to something not received yet, or one of the same key behind it."""

    __table_args__ = (
        Index("waiting_for_ix", "group", "kind", "id"),
        Index("waiting_key_ix", "group", "cluster", "topic", "key"),
    )

    group: str = Field(primary_key=True)
    cluster: str = Field(primary_key=True)
    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    offset: int = Field(sa_type=BigInteger, primary_key=True)
    kind: str = Field(description="table it waits for")
    id: str = Field(description="key it waits for, as text")
    key: bytes | None = Field(default=None, description="Kafka's")
    headers: str = Field(
        sa_type=Text,
        description="JSON list of name and value; bytes that are no UTF-8 as lone surrogates",
    )
    payload: bytes | None = None
    since: datetime = Field(description="real", sa_column_kwargs={"server_default": text("now()")})


class Parked(TableBase, table=True):
    """A record that could not be applied, or one of the same key behind it; an operator replays the
    key.
    """

    __table_args__ = (Index("parked_key_ix", "group", "cluster", "topic", "key"),)

    group: str = Field(primary_key=True)
    cluster: str = Field(primary_key=True)
    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    offset: int = Field(sa_type=BigInteger, primary_key=True)
    key: bytes | None = Field(default=None, description="Kafka's")
    headers: str = Field(sa_type=Text, description="as in waiting")
    payload: bytes | None = None
    held: bool = Field(
        default=False,
        description="nothing is known to be wrong: it stands behind a parked one of its key",
    )
    passed: bool = Field(
        default=False, description="an operator let the records behind it go on without it"
    )
    reason: str = Field(default="", description="stable name of what went wrong, empty where held")
    detail: str = Field(default="", description="what was said about it, without personal data")
    attempts: int = 0
    parked_at: datetime = Field(
        description="real", sa_column_kwargs={"server_default": text("now()")}
    )
