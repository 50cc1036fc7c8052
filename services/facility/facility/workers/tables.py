"""The register of workers; personal text is sealed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from facility.workers.rules import WorkerStatus
from kit.db.columns import hashed, sealed
from kit.db.tables import TableBase


class Worker(TableBase, table=True):
    """A person who cares or visits for an organisation."""

    __table_args__ = (
        Index(
            "worker_active_uq",
            "organisation_id",
            "id_number_digest",
            unique=True,
            postgresql_where=text("status = 1"),
        ),
        Index("worker_area_code_worker_id_ix", "area_code", "worker_id"),
    )

    worker_id: UUID = Field(primary_key=True)
    version: int = 0
    organisation_id: UUID = Field(index=True)
    area_code: str = Field(description="county in which the worker serves: the organisation's")
    skills: list[int] = Field(
        sa_column=Column(ARRAY(SmallInteger), nullable=False),
        description="numbers of Help, ascending",
    )
    caregiver: bool
    certified_until: date | None = Field(
        default=None, description="last day on which the certificate holds"
    )
    shift_from_min: int = Field(description="minutes after local midnight")
    shift_to_min: int
    status: WorkerStatus = WorkerStatus.ACTIVE
    left_on: date | None = Field(default=None, description="first day not there any more")
    place_of_work: int | None = Field(
        default=None, sa_type=SmallInteger, description="rules.PlaceOfWork; null: not told"
    )
    registered_at: datetime
    name_sealed: bytes = sealed("name")
    id_number_sealed: bytes = sealed("id_number")
    id_number_digest: bytes = hashed("id_number", of="id_number_sealed", index=True)
    phone_sealed: bytes = sealed("phone")
