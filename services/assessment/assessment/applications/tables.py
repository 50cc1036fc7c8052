"""Applications for an assessment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlmodel import Field

from assessment.applications.rules import ApplicationState, AssessmentReason, Channel
from kit.db.columns import sealed
from kit.db.tables import TableBase


class Application(TableBase, table=True):
    """Somebody asked for an assessment; one elder has one open application at most."""

    __table_args__ = (
        Index(
            "application_open_uq",
            "elder_id",
            unique=True,
            postgresql_where=text("state in (1, 2, 3)"),
        ),
        Index("application_area_code_application_id_ix", "area_code", "application_id"),
    )

    application_id: UUID = Field(primary_key=True)
    version: int = 0
    elder_id: UUID = Field(index=True)
    area_code: str = Field(description="where the elder lives, whose office has the case")
    reason: AssessmentReason
    channel: Channel
    state: ApplicationState = ApplicationState.SUBMITTED
    submitted_at: datetime
    assessor_ids: list[UUID] = Field(
        default_factory=list, sa_column=Column(ARRAY(SqlUuid), nullable=False)
    )
    excluded_ids: list[UUID] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(SqlUuid), nullable=False),
        description="assessors of the doubted results before",
    )
    submitted_by: str | None = Field(default=None, description="subject; null: the platform")
    assigned_by: str | None = Field(default=None, description="subject")
    signed_ids: list[UUID] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(SqlUuid), nullable=False, server_default="{}"),
        description="assessors who have signed the record",
    )
    signed_by: list[str] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"),
        description="their subjects",
    )
    record_sealed: bytes | None = sealed(
        "record",
        default=None,
        description="CompleteAssessment as JSON, until all assessors have signed it",
    )
    assessment_id: UUID | None = Field(default=None, description="of the result it becomes")
    assessed_at: datetime | None = Field(default=None, description="when the record was made")
