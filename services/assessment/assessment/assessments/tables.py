"""Results by the norm; what they were made of is sealed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlmodel import Field

from assessment.assessments.rules import AssessmentState
from kit.db.columns import sealed
from kit.db.tables import TableBase


class Assessment(TableBase, table=True):
    """A result by the norm; one elder has one result in force at most."""

    __table_args__ = (
        Index(
            "assessment_in_force_uq", "elder_id", unique=True, postgresql_where=text("state = 2")
        ),
        Index("assessment_area_code_assessment_id_ix", "area_code", "assessment_id"),
        CheckConstraint(
            "level between 0 and 4 and preliminary_level between 0 and 4", name="levels"
        ),
        CheckConstraint(
            "total_points = self_care_points + motor_points + mental_points + social_points",
            name="total",
        ),
    )

    assessment_id: UUID = Field(primary_key=True)
    version: int = 0
    application_id: UUID = Field(unique=True)
    elder_id: UUID = Field(index=True)
    area_code: str
    scale: str = Field(description="norm and year")
    self_care_points: int = Field(sa_type=SmallInteger)
    motor_points: int = Field(sa_type=SmallInteger)
    mental_points: int = Field(sa_type=SmallInteger)
    social_points: int = Field(sa_type=SmallInteger)
    total_points: int = Field(sa_type=SmallInteger)
    preliminary_level: int = Field(sa_type=SmallInteger)
    level: int = Field(sa_type=SmallInteger)
    change_reasons: list[int] = Field(sa_column=Column(ARRAY(SmallInteger), nullable=False))
    assessor_ids: list[UUID] = Field(sa_column=Column(ARRAY(SqlUuid), nullable=False))
    record_sealed: bytes = sealed(
        "record",
        description="CompleteAssessment as JSON: answers, flags and diagnoses, to score again",
    )
    state: AssessmentState = AssessmentState.PUBLIC
    submitted_at: datetime
    completed_at: datetime
    working_days: int = Field(description="from application to result")
    public_until: datetime
    approved_at: datetime | None = Field(
        default=None, description="absent where an older release approved"
    )
    rejected_at: datetime | None = None
    grounds_sealed: bytes | None = sealed("grounds", default=None, description="of a rejection")
    appealed_at: datetime | None = None
    valid_from: date | None = None
    valid_to: date | None = Field(default=None, description="first day after validity")
