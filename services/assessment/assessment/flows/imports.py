"""Takes files of elders in: good rows are registered, the others come back with all that is wrong
with them.

A file is cut into chunks that are sealed and stored before the answer. A timer takes one chunk
after another; registering its rows and dropping the chunk is one transaction, so a row takes effect
once, whenever the process dies.
"""

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import protovalidate
from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as said
from google.api.httpbody_pb2 import HttpBody
from sqlmodel import col, delete, select

from assessment import queries
from assessment.errors import NoAreaOfYourOwn
from assessment.flows import elders, files, lookups
from assessment.flows.files import Cells, Fault
from assessment.ground import Ground
from assessment.rules import ImportState
from assessment.tables import Elder, Import, ImportChunk
from kit.contracts import areas, ids
from kit.contracts.clock import local_day
from kit.db.personal import KeyRing, normal
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime import timers
from kit.security.access import Caller

TIMER = "import"
CHUNK = 500  # rows of one transaction: about a quarter of a second
_PARTS = {
    "id_number": ("id_number",),
    "area_code": ("area_code",),
    "lat": ("lon", "lat"),
}  # whose own fault makes a refusal moot


async def start(session: Session, body: HttpBody, caller: Caller, ground: Ground) -> api.Import:
    """Reads the file, keeps its rows sealed and lets the timer do the rest. A file that cannot be
    read as a whole is refused.
    """
    if caller.area is None:
        raise NoAreaOfYourOwn
    import_id = ids.new()
    # a thread: the largest file is tens of megabytes, and other calls must go on
    columns, chunks, rows = await asyncio.to_thread(_cut, body.data, import_id, ground.ring)
    job = Import(
        import_id=import_id,
        area_code=caller.area,
        columns=columns,
        rows=rows,
        started_at=session.now,
        state=ImportState.RUNNING if rows else ImportState.DONE,
    )
    session.add(job)
    if rows:
        await _copy(session, "import_chunk", ("import_id", "first_line", "rows_sealed"), chunks)
        timers.set_timer(session, session.now, TIMER, str(import_id))
    return await queries.told(session, job, caller)


async def take_chunk(session: Session, import_id: UUID, ground: Ground) -> bool:
    """Registers the next rows of a file; True while more are left."""
    job = await session.get_locked(Import, import_id)
    wanted = (
        select(ImportChunk)
        .where(ImportChunk.import_id == import_id)
        .order_by(col(ImportChunk.first_line))
        .limit(2)
    )
    chunks = (await session.exec(wanted)).all()
    if chunks:
        rows = json.loads(ground.ring.open(chunks[0].rows_sealed, "rows"))
        await _take(session, job, rows, ground)
        await session.exec(
            delete(ImportChunk).where(
                col(ImportChunk.import_id) == import_id,
                col(ImportChunk.first_line) == chunks[0].first_line,
            )
        )
    if len(chunks) > 1:
        timers.set_timer(session, session.now, TIMER, str(import_id))
        return True
    job.state = ImportState.DONE
    return False


async def failed_rows(
    session: Session, question: api.GetImport, caller: Caller, ground: Ground
) -> HttpBody:
    """The refused rows with what is wrong behind them; with a byte order mark, since spreadsheets
    take UTF-8 for something else without.
    """
    job = await queries.import_of(session, question, caller)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*job.columns, *files.ERROR_COLUMNS])
    for failure in await queries.failures(session, job.import_id, caller):
        cells = json.loads(ground.ring.open(failure.cells_sealed, "rows"))
        padded = (cells + [""] * len(job.columns))[: len(job.columns)]
        writer.writerow(
            [*padded, *("; ".join(parts) for parts in zip(*failure.errors, strict=True))]
        )
    return HttpBody(
        content_type="text/csv; charset=utf-8", data=("\ufeff" + text.getvalue()).encode()
    )


def _cut(
    data: bytes, import_id: UUID, ring: KeyRing
) -> tuple[list[str], list[tuple[UUID, int, bytes]], int]:
    columns, rows = files.read(data)
    chunks, count, chunk = [], 0, []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            chunks.append(chunk)
            chunk = []
    if chunk:
        chunks.append(chunk)
    count = sum(map(len, chunks))
    return (
        columns,
        [
            (import_id, chunk[0][0], ring.seal(json.dumps(chunk, ensure_ascii=False), "rows"))
            for chunk in chunks
        ],
        count,
    )


async def _take(
    session: Session, job: Import, rows: list[tuple[int, Cells]], ground: Ground
) -> None:
    """Registers what can be, notes what cannot, and counts."""
    good: list[tuple[int, Cells, api.RegisterElder]] = []
    refused: list[tuple[int, Cells, list[Fault]]] = []
    for line, cells in rows:
        command, faults = _checked(job, cells, session, ground)
        if faults:
            refused.append((line, cells, faults))
        else:
            good.append((line, cells, command))
    known: dict[str, Any] = await lookups.known(
        session, ground.ring, [command.id_number for _, _, command in good]
    )
    fresh: list[dict[str, Any]] = []
    for line, cells, command in good:
        there = known.get(command.id_number)
        if there is None:
            fresh.append(elders.columns(command, session.now, ground))
            known[command.id_number] = SimpleNamespace(**fresh[-1])
        elif faults := _differences(job, there, command, ground.ring):
            refused.append((line, cells, faults))
        else:
            job.unchanged += 1
    await _register(session, fresh)
    await _note(session, job, refused, ground.ring)
    job.registered += len(fresh)
    job.failed += len(refused)
    job.done += len(rows)


def _checked(
    job: Import, cells: Cells, session: Session, ground: Ground
) -> tuple[api.RegisterElder, list[Fault]]:
    """The registration a row means, and everything that forbids it; what Register refuses is
    refused here by the same code.
    """
    command, faults = files.parsed(job.columns, cells)
    command.id_number = (
        command.id_number.upper()
    )  # as its digest is made: `x` and `X` are one person, also within a chunk
    told = {field for field, _, _ in faults}
    for violation in protovalidate.collect_violations(command):
        path = violation.proto.field
        field = path.elements[0].field_name if path else ""
        if field not in told:
            faults.append([field, violation.proto.rule_id, violation.proto.message])
            told.add(field)
    if "id_number" not in told:
        faults += [
            [refusal.field or "", refusal.reason, str(refusal)]
            for refusal in elders.faults(command, local_day(session.now), ground)
            if told.isdisjoint(_PARTS.get(refusal.field or "", ()))
        ]
    if "area_code" not in told and not areas.is_in(command.area_code, job.area_code):
        faults.append(["area_code", "AREA_NOT_YOURS", f"the area does not lie in {job.area_code}"])
    return command, faults


def _differences(job: Import, there: Any, command: api.RegisterElder, ring: KeyRing) -> list[Fault]:
    """What a row says otherwise than the register; an empty cell says nothing. Elders of other
    areas are not described.
    """
    if not areas.is_in(there.area_code, job.area_code):
        return [
            ["id_number", "KNOWN_ALREADY", "an elder with this ID number is registered already"]
        ]
    pairs: dict[str, tuple[Any, Any]] = {
        "area_code": (there.area_code, command.area_code),
        "living": (int(there.living), command.living),
    }
    if "hardships" in job.columns:
        pairs["hardships"] = (there.hardships, sorted(command.hardships))
    if "local_register" in job.columns:
        pairs["local_register"] = (there.local_register, command.local_register)
    for kind in ("name", "phone", "address", "contact_name", "contact_phone"):
        if text := getattr(command, kind):
            plain = kind.removeprefix("contact_")
            pairs[kind] = (normal(plain, queries.opened(ring, there, kind)), normal(plain, text))
    if command.HasField("lon") and command.HasField("lat"):
        pairs["lon"] = (queries.opened(ring, there, "position"), f"{command.lon!r} {command.lat!r}")
    return [
        [
            field,
            "KNOWN_WITH_OTHER_FIELDS",
            f"the elder is registered with another {field}; change it there",
        ]
        for field, (before, now) in pairs.items()
        if before != now
    ]


async def _register(session: Session, rows: list[dict[str, Any]]) -> None:
    """Copies all rows in at once, without the ORM: ten times faster. A person whom another import
    was faster to register breaks the chunk, which is then taken again.
    """
    for row in rows:
        row["version"] = 1
        emit(session, said.ElderRegistered(elder=elders.public(row)), sequence=1)
    columns = tuple(Elder.model_fields)
    await _copy(
        session, "elder", columns, [tuple(row[column] for column in columns) for row in rows]
    )


async def _note(
    session: Session, job: Import, refused: list[tuple[int, Cells, list[Fault]]], ring: KeyRing
) -> None:
    await _copy(
        session,
        "import_failure",
        ("import_id", "line", "errors", "cells_sealed"),
        [
            (
                job.import_id,
                line,
                json.dumps(faults, ensure_ascii=False),
                ring.seal(json.dumps(cells, ensure_ascii=False), "rows"),
            )
            for line, cells, faults in refused
        ],
    )


async def _copy(
    session: Session, table: str, columns: Sequence[str], records: Sequence[tuple[Any, ...]]
) -> None:
    if records:
        await (await session.driver()).copy_records_to_table(
            table, columns=columns, records=records
        )
