"""Facts of other services, kept locally."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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
    reported_died_on: date | None = Field(
        default=None, description="of a reported death that no official has decided about"
    )
    born_on: date | None = Field(
        default=None, description="absent where the release before heard of the elder last"
    )
    periods: list[dict[str, Any]] = Field(
        default_factory=list,
        sa_column=Column(JSONB, nullable=False, server_default="[]"),
        description="of hardship: group, since, until",
    )
    residences: list[dict[str, Any]] = Field(
        default_factory=list,
        sa_column=Column(JSONB, nullable=False, server_default="[]"),
        description="since, area, status; empty where it lived there before days were kept",
    )
    dated_since: date | None = Field(
        default=None,
        description="months before it were given by a release that kept no days: they stay",
    )
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


class Application(TableBase, table=True):
    """An application for a level: from when to when it is open."""

    application_id: UUID = Field(primary_key=True)
    elder_id: UUID | None = Field(
        default=None, index=True, description="absent where its end was heard of first"
    )
    submitted_on: date | None = None
    closed_on: date | None = None
    rejected_id: UUID | None = Field(
        default=None, index=True, description="of the assessment that was not put in force"
    )
