"""What is remembered of elders, applications, assessments and imports; personal text is sealed,
columns end in `_sealed` or `_digest`.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlmodel import Field

from assessment.rules import (
    ApplicationState,
    AssessmentReason,
    AssessmentState,
    Channel,
    ImportState,
    Living,
    Sex,
    Status,
)
from kit.contracts import areas
from kit.db.columns import Hashed, hashed, info, sealed
from kit.db.tables import TableBase

CHARACTERS = Hashed(
    "name_sealed",
    lambda ring, name, row: ring.character_digests(name, areas.at(row["area_code"], areas.COUNTY)),
    needs=("area_code",),
)


class Elder(TableBase, table=True):
    """A person aged 60 or more, known by ID number."""

    __table_args__ = (
        CheckConstraint("(status = 2) = (died_on is not null)", name="dead_has_a_day"),
        Index("elder_name_characters_ix", "name_characters", postgresql_using="gin"),
        Index("elder_area_code_elder_id_ix", "area_code", "elder_id"),
    )

    elder_id: UUID = Field(primary_key=True)
    version: int = 0
    area_code: str = Field(description="village or community, 12 digits")
    sex: Sex
    born_on: date
    living: Living
    hardships: list[int] = Field(
        sa_column=Column(ARRAY(SmallInteger), nullable=False),
        description="numbers of Elder.Hardship, ascending",
    )
    local_register: bool
    complete: bool
    status: Status = Status.ALIVE
    registered_at: datetime
    died_on: date | None = None
    name_sealed: bytes = sealed("name")
    name_digest: bytes = hashed("name", of="name_sealed", index=True)
    name_characters: list[bytes] = Field(
        sa_column=Column(ARRAY(LargeBinary), nullable=False, info=info(CHARACTERS)),
        description="digests of single characters, bound to the county",
    )
    id_number_sealed: bytes = sealed("id_number")
    id_number_digest: bytes = hashed("id_number", of="id_number_sealed", unique=True)
    phone_sealed: bytes | None = sealed("phone", default=None)
    phone_digest: bytes | None = hashed("phone", of="phone_sealed", default=None, index=True)
    address_sealed: bytes | None = sealed("address", default=None)
    contact_name_sealed: bytes | None = sealed("contact_name", default=None)
    contact_phone_sealed: bytes | None = sealed("contact_phone", default=None)
    position_sealed: bytes | None = sealed(
        "position", default=None, description="`lon lat`, degrees WGS-84"
    )


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
    area_code: str = Field(description="where the elder lived when it was submitted")
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
    valid_from: date | None = None
    valid_to: date | None = Field(default=None, description="first day after validity")


class Import(TableBase, table=True):
    """A file of elders on its way in."""

    import_id: UUID = Field(primary_key=True)
    version: int = 0
    area_code: str = Field(description="the importing official's area")
    state: ImportState = ImportState.RUNNING
    columns: list[str] = Field(
        sa_column=Column(ARRAY(Text), nullable=False),
        description="the file's header without columns of errors",
    )
    rows: int
    done: int = 0
    registered: int = 0
    unchanged: int = 0
    failed: int = 0
    started_at: datetime


class ImportChunk(TableBase, table=True):
    """Rows of a file that were not looked at yet; it leaves in the transaction that registers them."""

    __tablename__ = "import_chunk"

    import_id: UUID = Field(primary_key=True)
    first_line: int = Field(primary_key=True, description="line of its first row in the file")
    rows_sealed: bytes = sealed("rows", description="JSON list of [line, cells]")


class ImportFailure(TableBase, table=True):
    """A row that was refused, as it came, with all that is wrong with it."""

    __tablename__ = "import_failure"

    import_id: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True, description="the header is line 1")
    errors: list[list[str]] = Field(
        sa_column=Column(JSONB, nullable=False),
        description="[field, rule, text], without the refused value",
    )
    cells_sealed: bytes = sealed("rows", description="JSON list of the cells")
