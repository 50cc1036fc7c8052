"""What is in a file that a spreadsheet saved: rows of cells as text, whatever program saved it."""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from assessment.imports.errors import (
    CELL_FAR_AWAY,
    NO_SHEET,
    NO_TEXT,
    NO_XLSX,
    NOT_UTF8,
    QUOTES,
    WORKBOOK_DAMAGED,
    WORKBOOK_TOO_LARGE,
    NotACsv,
)

Numbered = tuple[int, list[str]]  # the line or row that a row begins in, and its cells

_ZIP = b"PK\x03\x04"  # .xlsx
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls
_MOST_BYTES = 512 << 20  # of a workbook when it is unpacked
_MOST_CELLS = 10_000_000  # of a sheet; the reader takes 32 bytes for each, also for the empty ones
# where a row or cell of a sheet stands, however the XML is written and wherever the part lies
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,7})["']""")
_OTHER_KINDS = ("content.xml", "xl/workbook.bin")  # .ods, .xlsb: their cells cannot be told before
_EXACT = 10**15  # from here on a spreadsheet's numbers have lost digits
_DELIMITERS = ",\t;"


def rows(data: bytes) -> Iterator[Numbered]:
    """Numbered rows of a CSV file, or of the first visible sheet of a workbook. Raises: NotACsv,
    also while they are read.
    """
    if data.startswith((_ZIP, _OLE)):
        return _sheet_rows(data)
    return _csv_rows(_decoded(data))


def is_misread(texts: Sequence[str]) -> bool:
    """True where most of these texts are UTF-8 that was read as GB18030 or as Latin letters, and
    saved so.

    >>> is_misread(["寮犱笁", "鏉庡洓", "name"]), is_misread(["张三", "联通", "Čapek"])
    (True, False)
    """
    foreign = [text for text in texts if not text.isascii()]
    return 2 * sum(map(_reads_otherwise, foreign)) > len(foreign)


def _reads_otherwise(text: str) -> bool:
    for encoding in ("gb18030", "cp1252", "latin-1"):
        try:
            if _is_chinese(text.encode(encoding).decode("utf-8")):
                return True
        except UnicodeError:
            continue
    return False


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def _decoded(data: bytes) -> str:
    """UTF-8, UTF-16 by its mark, else GB18030, in which spreadsheets of Chinese machines save."""
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return _with_text(data.decode("utf-16"))
        if b"\0" in data:
            raise NotACsv(why=NO_TEXT)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        try:
            return data.decode("gb18030")
        except UnicodeDecodeError:
            line = data[: error.start].count(b"\n") + 1
            raise NotACsv(why=NOT_UTF8.of(line=line)) from error
    if text.isascii() or _is_chinese(text) or is_misread(re.split(r"[,;\t\r\n]", text[:4000])):
        return text
    # a few GB18030 characters are the bytes of Greek or Arabic letters in UTF-8
    try:
        other = data.decode("gb18030")
    except UnicodeDecodeError:
        return text
    return other if _is_chinese(other) else text


def _with_text(text: str) -> str:
    if "\0" in text:
        raise NotACsv(why=NO_TEXT)
    return text


def _csv_rows(text: str) -> Iterator[Numbered]:
    # a title above the header line has none
    head = next((line for line in text[:4000].splitlines() if set(line) & set(_DELIMITERS)), "")
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise NotACsv(why=QUOTES.of(line=line)) from error
        yield line, cells


def _sheet_rows(data: bytes) -> Iterator[Numbered]:
    """The rows of a sheet; a merged cell's value stands in each of its places."""
    try:
        if data.startswith(_ZIP):
            _check_size(data)
        sheet = _first_sheet(CalamineWorkbook.from_filelike(io.BytesIO(data)))
        grid = list(map(_cells, sheet.iter_rows()))
        merged = sheet.merged_cell_ranges or []
    except (CalamineError, zipfile.BadZipFile, KeyError) as error:
        raise NotACsv(why=WORKBOOK_DAMAGED) from error
    width = max(map(len, grid), default=0)
    for (top, left), (bottom, right) in merged:
        end = min(right + 1, width)
        value = grid[top][left] if top < len(grid) and left < len(grid[top]) else ""
        for row in grid[top : bottom + 1] if value else ():
            row += [""] * (end - len(row))
            row[left:end] = [value] * (end - left)
    return enumerate(grid, start=1)


def _cells(row: Sequence[object]) -> list[str]:
    """The cells of a row as text, up to the last that is not empty: a sheet is as wide as its
    widest row, and as long as its last.
    """
    end = next((place for place in range(len(row), 0, -1) if row[place - 1] != ""), 0)
    return list(map(_text, row[:end]))


def _first_sheet(book: CalamineWorkbook) -> CalamineSheet:
    for sheet in book.sheets_metadata:
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible:
            return book.get_sheet_by_name(sheet.name)
    raise NotACsv(why=NO_SHEET)


def _check_size(data: bytes) -> None:
    """Refuses what would take more memory than a file of elders needs."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        if any(name.lower() in _OTHER_KINDS for name in parts.namelist()):
            raise NotACsv(why=NO_XLSX)
        if sum(part.file_size for part in parts.infolist()) > _MOST_BYTES:
            raise NotACsv(why=WORKBOOK_TOO_LARGE)
        for name in parts.namelist():
            width = height = 0
            for place in _PLACE.finditer(parts.read(name)):
                width = max(width, _column(place[1].upper()))
                height = max(height, int(place[2]))
            if width * height > _MOST_CELLS:
                raise NotACsv(why=CELL_FAR_AWAY)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _text(value: object) -> str:
    """A cell as somebody would type it. A number too long for a spreadsheet keeps the exponent that
    shows it.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        if abs(value) >= _EXACT:
            return f"{value:.5E}"
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
