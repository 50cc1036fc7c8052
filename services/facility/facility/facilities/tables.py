"""The register of facilities, and their beds."""

from datetime import datetime
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


class Bed(TableBase, table=True):
    """A bed of a facility."""

    bed_id: UUID = Field(primary_key=True)
    facility_id: UUID = Field(index=True)
    organisation_id: UUID
    area_code: str
    nursing: bool
