"""Imports, their rows that wait and their rows that were refused; what a row holds is sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from assessment.imports.rules import ImportState
from kit.db.columns import sealed
from kit.db.tables import TableBase


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
    started_by: str | None = Field(default=None, description="subject")


class ImportChunk(TableBase, table=True):
    """Rows of a file that still wait; a chunk leaves in the transaction that registers them."""

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
        description="[field, rule, text, text in Chinese], without the refused value",
    )
    cells_sealed: bytes = sealed("rows", description="JSON list of the cells")
