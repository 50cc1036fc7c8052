"""Columns that hold personal text, declared beside the others, so that their keys rotate without
the service's help.

name_sealed: bytes = sealed("name")
phone_sealed: bytes | None = sealed("phone", default=None)
phone_digest: bytes | None = hashed("phone", of="phone_sealed", default=None, index=True)
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, Unpack

from sqlalchemy import MetaData, Table
from sqlmodel import Field

from kit.db.driver import Row

if TYPE_CHECKING:
    from kit.db.personal import KeyRing

_MARK = "personal"

# the hash of an opened text, with the row it stands in; several hashes for a column of an array
Digest = Callable[["KeyRing", str, Row], "bytes | list[bytes]"]


@dataclass(frozen=True)
class Sealed:
    """kind: as it was given to `KeyRing.seal`."""

    kind: str


@dataclass(frozen=True)
class Hashed:
    """of: the sealed column whose text is hashed. needs: columns that `digest` reads of the row."""

    of: str
    digest: Digest
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Personal:
    """What of a table is personal, by name of the column."""

    table: Table
    sealed: Mapping[str, Sealed] = field(default_factory=dict)
    hashed: Mapping[str, Hashed] = field(default_factory=dict)

    @property
    def key(self) -> list[str]:
        """Columns of the primary key."""
        return [column.name for column in self.table.primary_key]


class FieldOptions(TypedDict, total=False):
    """What a personal column may have of the options of `Field`."""

    default: None
    description: str
    index: bool
    unique: bool


def sealed(kind: str, **given: Unpack[FieldOptions]) -> bytes:
    """A column of sealed text; the rest is given to `Field`."""
    column: bytes = Field(sa_column_kwargs={"info": {_MARK: Sealed(kind)}}, **given)
    return column


def hashed(kind: str, of: str, **given: Unpack[FieldOptions]) -> bytes:
    """A column with the keyed hash of the text that another column of the row has sealed."""
    mark = Hashed(of, lambda ring, text, _: ring.digest(kind, text))
    column: bytes = Field(sa_column_kwargs={"info": {_MARK: mark}}, **given)
    return column


def info(mark: Sealed | Hashed) -> dict[str, object]:
    """`info` of a column that is written as a whole, since `Field` cannot make it."""
    return {_MARK: mark}


def personal(*of: MetaData) -> Iterator[Personal]:
    """The tables with personal columns, by name."""
    for metadata in of:
        for table in metadata.sorted_tables:
            marks = {
                column.name: column.info[_MARK] for column in table.columns if _MARK in column.info
            }
            if marks:
                yield Personal(
                    table,
                    {name: mark for name, mark in marks.items() if isinstance(mark, Sealed)},
                    {name: mark for name, mark in marks.items() if isinstance(mark, Hashed)},
                )
