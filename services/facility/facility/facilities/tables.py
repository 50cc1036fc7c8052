"""The register of facilities, and their beds."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from facility.facilities.rules import FacilityStatus, Operation, Tier
from kit.db.tables import TableBase


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
    valid_from: date | None = Field(
        default=None, description="first day of this state; null: the day on which it was told"
    )
    suspended_from: date | None = Field(default=None, description="first day")
    suspended_to: date | None = Field(
        default=None, description="first day after it; null: until it is resumed"
    )
    closed_on: date | None = Field(default=None, description="first day on which it was closed")
    planned_from: date | None = Field(
        default=None, description="first day of a capacity that is agreed"
    )
    planned_beds: int | None = None
    planned_nursing_beds: int | None = None


class Bed(TableBase, table=True):
    """A bed of a facility."""

    bed_id: UUID = Field(primary_key=True)
    facility_id: UUID = Field(index=True)
    organisation_id: UUID
    area_code: str
    nursing: bool
    removed: bool = Field(default=False, description="no part of the capacity any more")
