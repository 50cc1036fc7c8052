"""What dispatch keeps of others' elders, organisations and workers."""

from datetime import date
from uuid import UUID

from sqlalchemy import Column, Index, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from kit.db.tables import TableBase


class Elder(TableBase, table=True):
    """Replica: who may be visited."""

    elder_id: UUID = Field(primary_key=True)
    version: int = 0
    area_code: str
    living: int = Field(sa_type=SmallInteger, description="Elder.Living")
    status: int = Field(sa_type=SmallInteger, description="Elder.Status")
    reported_died_on: date | None = Field(
        default=None, description="of a reported death that no official has decided about"
    )


class Organisation(TableBase, table=True):
    """Replica: who sends workers, and from where."""

    organisation_id: UUID = Field(primary_key=True)
    version: int = 0
    area_code: str
    home_services: bool
    lon: float
    lat: float
    status: int = Field(sa_type=SmallInteger, description="Organisation.Status")
    suspended_from: date | None = Field(default=None, description="first day")
    suspended_to: date | None = Field(
        default=None, description="first day after it; null: no end is known"
    )


class Worker(TableBase, table=True):
    """Replica: who can do what, and when."""

    __table_args__ = (Index("worker_area_ix", "area_code"),)

    worker_id: UUID = Field(primary_key=True)
    version: int = 0
    organisation_id: UUID
    area_code: str
    skills: list[int] = Field(
        sa_column=Column(ARRAY(SmallInteger), nullable=False), description="Help"
    )
    shift_from_min: int = Field(description="minutes after local midnight")
    shift_to_min: int = Field(description="minutes after local midnight")
    certified_until: date | None = Field(
        default=None, description="last day of the certificate; null: none is known"
    )
    status: int = Field(sa_type=SmallInteger, description="Worker.Status")
    place_of_work: int = Field(
        default=0,
        sa_column=Column(SmallInteger, nullable=False, server_default="0"),
        description="Worker.PlaceOfWork",
    )
