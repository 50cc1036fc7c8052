"""Elders and their levels, as the assessment service published them last."""

from datetime import date
from uuid import UUID

from sqlalchemy import SmallInteger
from sqlmodel import Field

from facility.replicas.rules import ElderStatus
from kit.db.tables import TableBase


class Elder(TableBase, table=True):
    """What this service needs to know of an elder, as the assessment service published it last."""

    elder_id: UUID = Field(primary_key=True)
    version: int = Field(default=0, description="of the owner's row")
    area_code: str
    status: ElderStatus
    born_on: date | None = Field(
        default=None, description="absent of who has not changed since this is kept"
    )
    died_on: date | None = None


class Ability(TableBase, table=True):
    """The level in force of an elder, as it was approved last."""

    elder_id: UUID = Field(primary_key=True)
    level: int = Field(sa_type=SmallInteger)
    valid_from: date
    valid_to: date
