"""Dated facts about elders; an entry is never deleted, and a correction leaves it as it was."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from assessment.life_events.rules import DocumentKind, LifeEventKind, LifeEventState
from kit.db.columns import sealed
from kit.db.tables import TableBase


class LifeEvent(TableBase, table=True):
    """A death, a move or a change of the ID number, as somebody reported it."""

    __tablename__ = "life_event"

    __table_args__ = (
        Index(
            "life_event_undecided_uq",
            "elder_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 1"),
        ),
        Index(
            "life_event_in_force_uq",
            "elder_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 2 and kind <> 3"),
        ),
    )

    life_event_id: UUID = Field(primary_key=True)
    elder_id: UUID = Field(index=True)
    kind: LifeEventKind
    state: LifeEventState
    happened_on: date
    reported_by: str = Field(description="subject")
    reported_as: str = Field(description="role")
    reported_at: datetime
    document_kind: DocumentKind | None = None
    document_number_sealed: bytes | None = sealed("document", default=None)
    decided_by: str | None = Field(default=None, description="subject")
    decided_at: datetime | None = None
    grounds_sealed: bytes | None = sealed("grounds", default=None)
    correction_document_kind: DocumentKind | None = None
    correction_document_number_sealed: bytes | None = sealed("document", default=None)
    replaces: UUID | None = Field(default=None, description="the entry that was wrong")
    application_id: UUID | None = Field(
        default=None, description="the open application that it ended"
    )
    former_id_number_sealed: bytes | None = sealed("id_number", default=None)
