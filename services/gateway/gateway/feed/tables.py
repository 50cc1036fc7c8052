"""The feed as it is kept: its head, its events, and the epochs that a restore has ended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field

from kit.db.tables import TableBase

HEAD = 1  # the id of the one row of the head


class FeedHead(TableBase, table=True):
    """The one row whose lock makes positions contiguous and in the order of commits."""

    __tablename__ = "feed_head"
    head_id: int = Field(primary_key=True)
    position: int = Field(default=0, sa_type=BigInteger, description="last position given")
    gone: int = Field(
        default=0,
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": "0"},
        description="last position that has left",
    )
    epoch: UUID = Field(description="another one after a restore: old cursors are refused then")


class FeedRestore(TableBase, table=True):
    """An epoch of the feed that a restore has ended: what it published behind the position is no
    longer true.
    """

    __tablename__ = "feed_restore"
    restored: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False),
        description="number of the epoch that followed",
    )
    epoch: UUID = Field(unique=True, description="the feed's epoch that ended")
    position: int = Field(sa_type=BigInteger, description="last position that the backup holds")


class FeedEvent(TableBase, table=True):
    """An event as its organisation reads it."""

    __tablename__ = "feed_event"
    __table_args__ = (Index("feed_event_organisation_position", "organisation_id", "position"),)
    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    organisation_id: UUID
    worker_id: UUID | None = Field(
        default=None, description="the worker who may read it too; absent where none may"
    )
    event_id: UUID = Field(unique=True)
    body: str = Field(sa_type=Text, description="CloudEvents structured JSON, rendered once")
    heard_at: datetime = Field(description="when it was consumed, real time")
