"""How far runs have come."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from kit.db.tables import TableBase


class Run(TableBase, table=True):
    """How far a population-wide run has come; each chunk moves it on in the transaction of its
    effects.
    """

    kind: str = Field(primary_key=True)
    period: str = Field(primary_key=True, description="YYYY-MM, or YYYY-MM-DD for a weekly one")
    cursor: UUID | None = Field(default=None, description="last key that is done")
    done: int = Field(default=0, description="rows written")
    started_at: datetime
    finished_at: datetime | None = None
