"""Stays; PostgreSQL itself keeps two of them apart."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from kit.db.tables import TableBase

# names of the constraints, which tell what a violation means
BED_ONCE = "stay_bed_once"
ELDER_ONCE = "stay_elder_once"
_DAYS = text("daterange(began_on, ended_on)")


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
    death_on: date | None = Field(
        default=None, description="day of the death that ended it, unless a discharge before did"
    )
    continues: UUID | None = Field(
        default=None,
        description="the first stay of those that a wrong death cut into several: one for charges",
    )
    discharged_on: date | None = Field(
        default=None, description="first day without the elder by a discharge, if a death ended it"
    )
