"""The register of elders; personal text is sealed, columns end in `_sealed` or `_digest`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from assessment.elders.rules import Living, Sex, Status
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
        description="numbers of Elder.Hardship that hold now, ascending",
    )
    hardship_periods: list[dict[str, Any]] = Field(
        default_factory=list,
        sa_column=Column(JSONB, nullable=False, server_default="[]"),
        description="HardshipPeriod as JSON; a group without one is older than periods are",
    )
    local_register: bool
    complete: bool
    status: Status = Status.ALIVE
    registered_at: datetime
    registered_by: str | None = Field(
        default=None, description="subject; null where an older release registered"
    )
    died_on: date | None = None
    reported_died_on: date | None = Field(
        default=None, description="of a reported death that no official has decided about"
    )
    moved_out_on: date | None = Field(default=None, description="first day outside the city")
    effective_on: date | None = Field(
        default=None, description="first day of this state, where it was reported later"
    )
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
