"""Facts of other services, kept locally."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from kit.db.tables import TableBase
from subsidy.replicas.rules import Status


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


class Result(TableBase, table=True):
    """An approved level."""

    assessment_id: UUID = Field(primary_key=True)
    elder_id: UUID = Field(index=True)
    level: int = Field(sa_type=SmallInteger)
    valid_from: date
    valid_to: date
    approved_at: datetime
