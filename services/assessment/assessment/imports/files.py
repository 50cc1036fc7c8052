"""Reads a CSV file of elders: its rows with their lines, and the registration that a row means."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import NamedTuple, Protocol

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events

from assessment.elders.rules import Hardship, Living
from assessment.imports.errors import NotACsv

REQUIRED = ("name", "id_number", "area_code", "living")
COLUMNS = tuple(field.name for field in api.RegisterElder.DESCRIPTOR.fields)
ERROR_COLUMNS = ("error_field", "error_rule", "error_text")
TRUE = frozenset({"true", "1", "yes", "是"})
FALSE = frozenset({"false", "0", "no", "否", ""})

Cells = list[str]

_BREAK = re.compile(r"\s*[\t\r\n]\s*")


class Fault(NamedTuple):
    """What is wrong with a row; `text` does not repeat the refused value."""

    field: str
    rule: str
    text: str


class Reader(Protocol):
    """What `csv.reader` makes. line_num: lines that are read so far."""

    @property
    def line_num(self) -> int: ...
    def __next__(self) -> Cells: ...


def read(data: bytes) -> tuple[list[str], Iterator[tuple[int, Cells]]]:
    """Columns and numbered rows of a file, without its columns of errors. Raises: NotACsv, the rows
    also while they are read.
    """
    reader = csv.reader(io.StringIO(_decoded(data), newline=""), strict=True)
    header = [name.strip().lower() for name in next(_cells(reader), (0, []))[1]]
    if not any(header):
        raise NotACsv(why="it is empty, without a header line")
    kept = [place for place, name in enumerate(header) if name not in ERROR_COLUMNS]
    columns = [header[place] for place in kept]
    _check_columns(columns)

    def rows() -> Iterator[tuple[int, Cells]]:
        for line, cells in _cells(reader):
            if any(cells):
                # a cell too many must stay visible: the row is refused for it
                extra = cells[len(header) :]
                yield line, [cells[place] for place in kept if place < len(cells)] + extra

    return columns, rows()


def parsed(columns: list[str], cells: Cells) -> tuple[api.RegisterElder, list[Fault]]:
    """The registration a row means, and what in it cannot be read."""
    command = api.RegisterElder()
    faults: list[Fault] = []
    if len(cells) != len(columns):
        text = f"the row has {len(cells)} cells, the header {len(columns)}"
        faults.append(Fault("", "CELLS", text))
    for name, text in zip(columns, cells, strict=False):
        try:
            if name == "hardships":
                command.hardships.extend(_hardships(text))
            elif text or name in REQUIRED:
                setattr(command, name, _VALUES.get(name, str)(text))
        except ValueError as error:
            faults.append(Fault(name, "UNREADABLE", str(error)))
    return command, faults


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise NotACsv(why=f"line {line} is not UTF-8; save the file as CSV UTF-8") from error


def _check_columns(columns: list[str]) -> None:
    for name in REQUIRED:
        if name not in columns:
            raise NotACsv(why=f"column {name} is missing in the header line")
    for name in columns:
        if name not in COLUMNS:
            raise NotACsv(why=f"column {name!r} is unknown; columns are {', '.join(COLUMNS)}")
        if columns.count(name) > 1:
            raise NotACsv(why=f"column {name} stands twice in the header line")


def _cells(reader: Reader) -> Iterator[tuple[int, Cells]]:
    """Rows with the line they begin in."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise NotACsv(why=f"line {line}: {error}") from error
        # a text has one line: what spreadsheets break inside a cell is joined again
        yield line, [_BREAK.sub(" ", cell.strip()) for cell in cells]


def _hardships(text: str) -> list[events.Elder.Hardship.ValueType]:
    parts = (part.strip() for part in text.split(";"))
    return [events.Elder.Hardship.ValueType(_member(Hardship, part)) for part in parts if part]


def _member(kind: type[IntEnum], text: str) -> int:
    """A member of a nominal set by its number or name, with or without the prefix the contract
    gives it.
    """
    name = text.upper().removeprefix(f"{kind.__name__.upper()}_")
    for member in kind:
        if name in (member.name, str(member.value)):
            return int(member)
    raise ValueError(f"is none of {', '.join(member.name for member in kind)}")


def _living(text: str) -> int:
    return _member(Living, text)


def _flag(text: str) -> bool:
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValueError("is neither true nor false")


def _degrees(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("is no number of degrees") from None


_VALUES: dict[str, Callable[[str], object]] = {
    "living": _living,
    "local_register": _flag,
    "lon": _degrees,
    "lat": _degrees,
}
