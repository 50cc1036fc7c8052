"""The register of organisations."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from facility.organisations.rules import OrganisationKind, OrganisationStatus
from kit.db.tables import TableBase


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
    business_phone: str = ""
    business_address: str = ""
    suspended_from: date | None = Field(default=None, description="first day")
    suspended_to: date | None = Field(
        default=None, description="first day after it; null: until it is resumed"
    )
    closed_on: date | None = Field(default=None, description="first day on which it was closed")
