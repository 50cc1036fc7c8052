"""What was changed in the registers."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from kit.db.tables import TableBase


class RegisterChange(TableBase, table=True):
    """A change of an organisation or a facility; never changed itself."""

    __tablename__ = "register_change"

    subject_id: UUID = Field(primary_key=True, description="of the organisation or the facility")
    version: int = Field(primary_key=True, description="that it made")
    organisation_id: UUID
    area_code: str
    action: str = Field(description="rules.Action")
    reason: str
    recorded_at: datetime
    recorded_by: str
    before: bytes = Field(description="the public state, as its message")
    after: bytes = Field(description="the same")
