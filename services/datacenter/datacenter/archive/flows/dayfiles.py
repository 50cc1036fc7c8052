"""One day of the archive as a Parquet file: all columns as they are, rows in parts, never a whole
day in memory.

An id is a UUID there, an instant a timestamp in microseconds of UTC, a payload the bytes that
came. Any reader of Parquet reads it.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

import duckdb
import numpy as np

Value = UUID | str | int | bytes | None
Event = tuple[str, bytes, datetime, int]  # type, payload, business instant, sequence
Row = tuple[Value, ...]  # in the order of COLUMNS, `time` in microseconds since 1970

CHUNK = 10_000
PART = 100_000  # rows of a row group: some ten megabytes, and what a reader holds at a time
COLUMNS = {
    "id": "uuid",
    "type": "varchar",
    "source": "varchar",
    "subject": "varchar",
    "thing": "uuid",
    "sequence": "bigint",
    "area_code": "varchar",
    "time": "timestamptz",
    "topic": "varchar",
    "partition": "integer",
    "offset": "bigint",
    "traceparent": "varchar",
    "headers": "blob",
    "payload": "blob",
    "batch": "bigint",
}
_TIME = list(COLUMNS).index("time")
_QUOTED = {name: f'"{name}"' for name in COLUMNS}
_TAKEN = ", ".join(
    f"make_timestamptz({quoted})" if name == "time" else quoted for name, quoted in _QUOTED.items()
)
_READ_COLUMNS = ", ".join(
    f"epoch_us({quoted})" if name == "time" else quoted for name, quoted in _QUOTED.items()
)
_NUMBERS = {"bigint", "integer", "timestamptz"}
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "512MB",
    "threads": 1,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Digest:
    """Of rows in any order: how many, and the sum of the BLAKE2b of each. Ids are unique, so no two
    rows can hide each other.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Takes rows into account."""
        for row in rows:
            self.rows += 1
            self._sum += int.from_bytes(
                hashlib.blake2b(_bytes(row), digest_size=32).digest(), "little"
            )

    def hexdigest(self) -> str:
        """64 hexadecimal digits."""
        return f"{self._sum % (1 << 256):064x}"


def _bytes(row: Row) -> bytes:
    """A row as bytes that no other row has: each value after its length, nothing as −1."""
    parts = []
    for value in row:
        if value is None:
            parts.append(b"\xff" * 8)
            continue
        raw = _raw(value)
        parts += (len(raw).to_bytes(8, "little"), raw)
    return b"".join(parts)


def _raw(value: UUID | str | int | bytes) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(8, "little", signed=True)
    if isinstance(value, str):
        return value.encode()
    return value.bytes if isinstance(value, UUID) else value


def name_of(day: date) -> str:
    """The name of a day's file."""
    return f"archive-{day}.parquet"


def day_of(file: Path) -> date | None:
    """The day that a file bears in its name; None where it bears none."""
    text = file.name.removeprefix("archive-").removesuffix(".parquet")
    try:
        return date.fromisoformat(text) if file.name == f"archive-{text}.parquet" else None
    except ValueError:
        return None


class Draft:
    """A day's file while it is written, under a name that no reader takes: `.part`. A draft that
    was cut off is begun anew.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._parquet, self._rows = (
            file.with_name(f"{file.name}{end}") for end in (".part", ".rows")
        )
        self.drop()
        self._database = duckdb.connect(str(self._rows), config=_SETTINGS)
        self._database.execute(
            "create table day "
            f"({', '.join(f'{_QUOTED[name]} {kind}' for name, kind in COLUMNS.items())})"
        )

    def add(self, rows: Sequence[Row]) -> None:
        """Takes rows; they wait on the disk, not in memory."""
        columns = {
            name: _column(kind, values)
            for (name, kind), values in zip(COLUMNS.items(), zip(*rows, strict=True), strict=True)
        }
        self._database.register("chunk", columns)
        self._database.execute(f"insert into day select {_TAKEN} from chunk")  # noqa: S608 – names of columns
        self._database.unregister("chunk")

    def write(self) -> None:
        """Writes the Parquet file and has it on the disk, still under its draft's name."""
        self._database.execute(
            "copy day to $1 (format parquet, compression zstd, row_group_size $2)",
            [str(self._parquet), PART],
        )
        _synced(self._parquet)

    def keep(self) -> None:
        """Gives the file its name for good."""
        self._parquet.replace(self.file)
        _synced(self.file.parent)

    def drop(self) -> None:
        """Removes what is not the file itself."""
        if hasattr(self, "_database"):
            self._database.close()
        for left in (self._parquet, self._rows, self._rows.with_name(f"{self._rows.name}.wal")):
            left.unlink(missing_ok=True)
        shutil.rmtree(
            self._rows.with_name(f"{self._rows.name}.tmp"), ignore_errors=True
        )  # where the database swaps


def _column(kind: str, values: Sequence[Value]) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    if kind in _NUMBERS:
        return np.array(values, dtype=np.int64)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _synced(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def rows(file: Path) -> Iterator[list[Row]]:
    """All rows in chunks, as the archive has them. Raises: duckdb.Error where the file is none of
    ours or is damaged.
    """
    return _read(file, _READ_COLUMNS)


def events(file: Path) -> Iterator[list[Event]]:
    """Type, payload, business instant and sequence of each event, in chunks.

    Raises: duckdb.Error.
    """
    read = _read(file, 'type, payload, epoch_us("time"), sequence')
    for chunk in cast(Iterator[list[tuple[str, bytes, int, int]]], read):
        yield [(type, payload, instant(time), sequence) for type, payload, time, sequence in chunk]


def _read(file: Path, columns: str) -> Iterator[list[Row]]:
    with duckdb.connect(config=_SETTINGS) as database:
        database.execute(f"select {columns} from read_parquet($1)", [str(file)])  # noqa: S608 – columns of ours
        while chunk := database.fetchmany(CHUNK):
            yield chunk


def instant(microseconds: int) -> datetime:
    """The instant of a row's `time`."""
    return _EPOCH + timedelta(microseconds=microseconds)


def archived(row: Row) -> tuple[Value | datetime, ...]:
    """A row as the archive has it: its time is an instant."""
    time = row[_TIME]
    if not isinstance(time, int):
        raise TypeError(f"{time!r} is no number of microseconds")
    return (*row[:_TIME], instant(time), *row[_TIME + 1 :])


def checksum(file: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def digest(file: Path, progress: Callable[[int], None] = lambda _: None) -> Digest:
    """The digest of a file's rows. progress: is called with the number of rows of each chunk.

    Raises: duckdb.Error.
    """
    made = Digest()
    for chunk in rows(file):
        made.add(chunk)
        progress(len(chunk))
    return made
