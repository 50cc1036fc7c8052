"""What the gateway remembers: the feed, and demo users that the simulated city added."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from kit.db.tables import TableBase


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
    """An epoch of the feed that a restore has ended: behind the position, what it told is no longer
    true.
    """

    __tablename__ = "feed_restore"
    restored: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False),
        description="number of the epoch that followed",
    )
    epoch: UUID = Field(unique=True, description="the feed's epoch that ended")
    position: int = Field(sa_type=BigInteger, description="last position that the backup holds")


class FeedEvent(TableBase, table=True):
    """An event as it is told to its organisation."""

    __tablename__ = "feed_event"
    __table_args__ = (Index("feed_event_organisation_position", "organisation_id", "position"),)
    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    organisation_id: UUID
    event_id: UUID = Field(unique=True)
    body: str = Field(sa_type=Text, description="CloudEvents structured JSON, rendered once")
    heard_at: datetime = Field(description="real time")


class DemoUser(TableBase, table=True):
    """A person of the simulated city who may log in."""

    __tablename__ = "demo_user"
    username: str = Field(primary_key=True)
    title: str = ""
    claims: dict[str, Any] = Field(sa_type=JSONB)
