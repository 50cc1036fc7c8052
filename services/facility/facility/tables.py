"""What is remembered of organisations, facilities, beds, stays and workers, and a replica of the
elders; personal text is sealed.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlmodel import Field

from facility.rules import (
    ElderStatus,
    FacilityStatus,
    Operation,
    OrganisationKind,
    OrganisationStatus,
    Tier,
    WorkerStatus,
)
from kit.db.columns import hashed, sealed
from kit.db.tables import TableBase

BED_ONCE, ELDER_ONCE = (
    "stay_bed_once",
    "stay_elder_once",
)  # names of the constraints, which tell what a violation means
_DAYS = text("daterange(began_on, ended_on)")


class Organisation(TableBase, table=True):
    """A firm, institution or association that serves elders."""

    __table_args__ = (
        Index("organisation_area_code_organisation_id_ix", "area_code", "organisation_id"),
    )

    organisation_id: UUID = Field(primary_key=True)
    version: int = 0
    credit_code: str = Field(unique=True)
    name: str
    kind: OrganisationKind
    area_code: str = Field(description="county it serves or lies in")
    home_services: bool
    lon: float = Field(description="degrees WGS-84, business address")
    lat: float
    status: OrganisationStatus = OrganisationStatus.ACTIVE
    registered_at: datetime


class Facility(TableBase, table=True):
    """A place of care in one of the three tiers."""

    __table_args__ = (
        CheckConstraint("nursing_beds between 0 and beds", name="nursing_beds"),
        Index("facility_area_code_facility_id_ix", "area_code", "facility_id"),
    )

    facility_id: UUID = Field(primary_key=True)
    version: int = 0
    organisation_id: UUID = Field(index=True)
    area_code: str
    name: str
    tier: Tier
    operation: Operation
    beds: int
    nursing_beds: int
    status: FacilityStatus = FacilityStatus.OPEN
    opened_at: datetime


class Bed(TableBase, table=True):
    """A bed of a facility."""

    bed_id: UUID = Field(primary_key=True)
    facility_id: UUID = Field(index=True)
    organisation_id: UUID
    area_code: str
    nursing: bool


class Stay(TableBase, table=True):
    """An elder lives in a bed from `began_on` to the day before `ended_on`; neither a bed nor an
    elder is in two stays on one day.
    """

    __table_args__ = (
        CheckConstraint("ended_on >= began_on", name="days"),
        ExcludeConstraint(
            (text("uuidrange(bed_id, bed_id, '[]')"), "&&"),
            (_DAYS, "&&"),
            name=BED_ONCE,
            using="gist",
        ),
        ExcludeConstraint(
            (text("uuidrange(elder_id, elder_id, '[]')"), "&&"),
            (_DAYS, "&&"),
            name=ELDER_ONCE,
            using="gist",
        ),
        Index("stay_area_code_stay_id_ix", "area_code", "stay_id"),
    )

    stay_id: UUID = Field(primary_key=True)
    version: int = 0
    facility_id: UUID = Field(index=True)
    organisation_id: UUID = Field(index=True)
    bed_id: UUID = Field(index=True)
    elder_id: UUID = Field(index=True)
    area_code: str = Field(description="of the facility")
    began_on: date
    ended_on: date | None = Field(default=None, description="first day without the elder")
    admitted_at: datetime


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
    registered_at: datetime
    name_sealed: bytes = sealed("name")
    id_number_sealed: bytes = sealed("id_number")
    id_number_digest: bytes = hashed("id_number", of="id_number_sealed", index=True)
    phone_sealed: bytes = sealed("phone")


class Elder(TableBase, table=True):
    """What this service needs to know of an elder, as the assessment service said it last."""

    elder_id: UUID = Field(primary_key=True)
    version: int = Field(default=0, description="of the owner's row")
    area_code: str
    status: ElderStatus
    died_on: date | None = None


class Ability(TableBase, table=True):
    """The level in force of an elder, as it was approved last."""

    elder_id: UUID = Field(primary_key=True)
    level: int = Field(sa_type=SmallInteger)
    valid_from: date
    valid_to: date
