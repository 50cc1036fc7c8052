"""Reads a file of elders: its columns, its rows with their lines, and the registration that a row
means.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events

from assessment.imports import cells as reading
from assessment.imports import decoding
from assessment.imports.decoding import Numbered
from assessment.imports.errors import (
    CELLS,
    COLUMN_MISSING,
    COLUMN_TWICE,
    COLUMN_UNKNOWN,
    MISREAD,
    NO_HEADER,
    REPEATED,
    NotACsv,
    Unreadable,
)
from kit.contracts.phrases import Phrase
from kit.contracts.rules import STORABLE
from kit.db.personal import normal

REQUIRED = ("name", "id_number", "area_code", "living")
COLUMNS = tuple(field.name for field in api.RegisterElder.DESCRIPTOR.fields)
ERROR_COLUMNS = ("error_field", "error_rule", "error_text", "error_text_zh")

Cells = list[str]

_DROPPED = frozenset({*ERROR_COLUMNS, *reading.UNUSED})
_KNOWN = _DROPPED.union(COLUMNS)
MOST_OF_ONE = 5  # rows about one person; copies of a row happen
_TITLE_ROWS = 10  # above the header line, at most
_SAMPLE = 200  # rows that tell how the file was saved


class Fault(NamedTuple):
    """What is wrong with a row; `text` does not repeat the refused value."""

    field: str
    rule: str
    text: Phrase


def read(data: bytes) -> tuple[list[str], list[Numbered]]:
    """Columns and numbered rows of a file, without the columns that say nothing about an elder.
    Raises: NotACsv.
    """
    found = list(decoding.rows(data))
    if decoding.is_misread([cell for _, cells in found[:_SAMPLE] for cell in cells]):
        raise NotACsv(why=MISREAD)
    place = _header_place([cells for _, cells in found[:_TITLE_ROWS]])
    below = found[place + 1][1] if len(found) > place + 1 else []
    two = _of_two_lines(found[place][1], below) if found else []
    header = two or ([reading.heading(name) for name in found[place][1]] if found else [])
    while header and not header[-1]:
        header.pop()
    if not header:
        raise NotACsv(why=NO_HEADER)
    kept = [place for place, name in enumerate(header) if name not in _DROPPED]
    columns = [header[place] for place in kept]
    _check_columns(columns)
    rows = [
        (line, _cells(cells, header, kept))
        for line, cells in found[place + 1 + bool(two) :]
        if any(cell.strip() for cell in cells)
    ]
    _check_repeats(columns.index("id_number"), rows)
    return columns, rows


def parsed(columns: list[str], cells: Cells) -> tuple[api.RegisterElder, list[Fault]]:
    """The registration a row means, and what in it cannot be read."""
    command = api.RegisterElder()
    faults: list[Fault] = []
    if len(cells) != len(columns):
        text = CELLS.of(cells=len(cells), columns=len(columns))
        faults.append(Fault("", text.key, text))
    for name, cell in zip(columns, cells, strict=False):
        try:
            if name == "hardships":
                groups = reading.members(cell)
                command.hardships.extend(map(events.Elder.Hardship.ValueType, groups))
            elif cell or name in REQUIRED:
                setattr(command, name, reading.value(name, cell))
        except Unreadable as error:
            faults.append(Fault(name, "UNREADABLE", error.phrase))
        except ValueError:  # of the message
            faults.append(Fault(name, "UNREADABLE", STORABLE))
    return command, faults


def _header_place(first: Sequence[Cells]) -> int:
    """Where the header line stands: the first row that names two columns, else the first."""
    for place, cells in enumerate(first):
        if len({reading.heading(cell) for cell in cells} & set(COLUMNS)) > 1:
            return place
    return 0


def _of_two_lines(upper: Cells, lower: Cells) -> list[str]:
    """The header where it has two lines, a group above its parts (紧急联系人: 姓名, 电话); empty
    where the second is no part of it.
    """
    group, found, divided = "", [], False
    for above, below in zip_longest(upper, lower, fillvalue=""):
        group = above or group
        names = [above] if below in ("", above) else [group + below, below]
        known = [name for name in map(reading.heading, names) if name in _KNOWN]
        if below and not known:
            return []
        divided |= bool(below)
        found.append(known[0] if known else reading.heading(above))
    return found if divided else []


def _cells(cells: Cells, header: list[str], kept: list[int]) -> Cells:
    # spreadsheets leave out, or add, empty cells at the end of a line; any other cell too many must
    # stay visible: the row is refused for it
    extra = [cell for cell in cells[len(header) :] if cell.strip()]
    return [
        reading.tidy(header[place], cells[place]) for place in kept if place < len(cells)
    ] + extra


def _check_repeats(place: int, rows: Sequence[Numbered]) -> None:
    """Refuses many statements about one person: the one without a fault tells which is true."""
    seen: Counter[str] = Counter()
    for line, cells in rows:
        number = normal("id_number", cells[place]) if place < len(cells) else ""
        if number and seen[number] == MOST_OF_ONE:
            raise NotACsv(why=REPEATED.of(line=line, most=MOST_OF_ONE))
        seen[number] += 1


def _check_columns(columns: list[str]) -> None:
    for name in REQUIRED:
        if name not in columns:
            raise NotACsv(why=COLUMN_MISSING.of(name=reading.named(name)))
    for name in columns:
        if name not in COLUMNS:
            raise NotACsv(why=COLUMN_UNKNOWN.of(name=name, columns=", ".join(COLUMNS)))
        if columns.count(name) > 1:
            raise NotACsv(why=COLUMN_TWICE.of(name=reading.named(name)))
