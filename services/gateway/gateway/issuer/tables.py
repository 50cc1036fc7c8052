"""Demo users that the simulated city added."""

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from kit.db.tables import TableBase


class DemoUser(TableBase, table=True):
    """A person of the simulated city who may log in."""

    __tablename__ = "demo_user"
    username: str = Field(primary_key=True)
    title: str = ""
    claims: dict[str, str | list[str]] = Field(sa_type=JSONB)
