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
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple
from uuid import UUID

import protovalidate
from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events
from google.api.httpbody_pb2 import HttpBody
from sqlmodel import col, delete, select

from assessment.context import Context
from assessment.elders import flows as elders
from assessment.elders.errors import LikelyKnown
from assessment.elders.queries import opened, public
from assessment.elders.tables import Elder
from assessment.imports import files, queries
from assessment.imports.cells import defused
from assessment.imports.errors import (
    AREA_NOT_YOURS,
    KNOWN_ALREADY,
    KNOWN_WITH_OTHER_FIELDS,
    ImportEnded,
    NoAreaOfYourOwn,
)
from assessment.imports.files import Cells, Fault
from assessment.imports.rules import ImportState
from assessment.imports.tables import Import, ImportChunk
from kit.contracts import areas, ids, rules, values
from kit.contracts.clock import local_day
from kit.contracts.refusals import Refusal
from kit.db.personal import KeyRing, normal
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.rpc.methods import Call
from kit.runtime import timers
from kit.security import audit
from kit.security.access import Caller

TIMER = "import"
START = "eldercare.assessment.v1.Imports.Start"
CHUNK = 500  # rows of one transaction: about a quarter of a second
TEXTS = ("name", "phone", "address", "contact_name", "contact_phone")
# whose own fault makes a refusal moot
_PARTS = {
    "id_number": ("id_number",),
    "area_code": ("area_code",),
    "lat": ("lon", "lat"),
}


class Row(NamedTuple):
    """A row of a file. line: where it begins, the header is line 1."""

    line: int
    cells: Cells


class Candidate(NamedTuple):
    """A row without faults, and the registration it means."""

    row: Row
    command: api.RegisterElder


class RefusedRow(NamedTuple):
    """A row that is not registered, with all that is wrong with it."""

    row: Row
    faults: list[Fault]


async def start(session: Session, body: HttpBody, caller: Caller, context: Context) -> api.Import:
    """Reads the file, keeps its rows sealed and lets the timer do the rest. A file that cannot be
    read as a whole is refused.
    """
    if caller.area is None:
        raise NoAreaOfYourOwn
    import_id = ids.new()
    # a thread: the largest file is tens of megabytes, and other calls must go on
    columns, chunks = await asyncio.to_thread(_cut, body.data)
    records = await asyncio.to_thread(_sealed, chunks, import_id, context.ring)
    job = Import(
        import_id=import_id,
        area_code=caller.area,
        columns=columns,
        rows=sum(map(len, chunks)),
        started_at=session.now,
        started_by=caller.subject,
        state=ImportState.RUNNING if chunks else ImportState.DONE,
    )
    session.add(job)
    if chunks:
        await _copy(session, "import_chunk", ("import_id", "first_line", "rows_sealed"), records)
        timers.set_timer(session, session.now, TIMER, str(import_id))
    return await queries.progress(session, job, caller)


async def take_chunk(session: Session, import_id: UUID, context: Context) -> bool:
    """Registers the next rows of a file; True while more are left."""
    job = await session.get_locked(Import, import_id)
    if job.state is not ImportState.RUNNING:
        return False
    wanted = (
        select(ImportChunk)
        .where(ImportChunk.import_id == import_id)
        .order_by(col(ImportChunk.first_line))
        .limit(2)
    )
    chunks = (await session.exec(wanted)).all()
    if chunks:
        rows = json.loads(context.ring.open(chunks[0].rows_sealed, "rows"))
        await _take(session, job, [Row(line, cells) for line, cells in rows], context)
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


async def cancel(session: Session, command: api.CancelImport, caller: Caller) -> api.Import:
    """Drops the rows that wait; those that were registered stay. Raises: ImportEnded."""
    job = await session.get_locked(Import, UUID(command.import_id), caller=caller)
    if job.state is not ImportState.RUNNING:
        raise ImportEnded(import_id=job.import_id, state=job.state.name)
    timers.cancel_timer(session, TIMER, str(job.import_id))
    await session.exec(delete(ImportChunk).where(col(ImportChunk.import_id) == job.import_id))
    job.state = ImportState.CANCELLED
    return await queries.progress(session, job, caller)


async def failed_rows(
    session: Session, question: api.GetImport, caller: Caller, context: Context
) -> HttpBody:
    """The refused rows with what is wrong behind them; with a byte order mark, since spreadsheets
    take UTF-8 for something else without.
    """
    job = await queries.import_row(session, question, caller)
    width = len(job.columns)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*job.columns, *files.ERROR_COLUMNS])
    for failure in await queries.failures(session, job.import_id, caller):
        cells = json.loads(context.ring.open(failure.cells_sealed, "rows"))
        padded = (cells + [""] * width)[:width]
        errors = ["; ".join(parts) for parts in zip_longest(*failure.errors, fillvalue="")]
        writer.writerow(map(defused, [*padded, *errors]))
    data = ("\ufeff" + text.getvalue()).encode()
    return HttpBody(content_type="text/csv; charset=utf-8", data=data)


def _cut(data: bytes) -> tuple[list[str], list[list[Row]]]:
    """The columns of a file, and its rows in chunks."""
    columns, numbered = files.read(data)
    rows = [Row(line, cells) for line, cells in numbered]
    chunks = [rows[first : first + CHUNK] for first in range(0, len(rows), CHUNK)]
    return columns, chunks


def _sealed(
    chunks: list[list[Row]], import_id: UUID, ring: KeyRing
) -> list[tuple[UUID, int, bytes]]:
    """The rows of `import_chunk`."""
    return [
        (import_id, chunk[0].line, ring.seal(json.dumps(chunk, ensure_ascii=False), "rows"))
        for chunk in chunks
    ]


async def _take(session: Session, job: Import, rows: list[Row], context: Context) -> None:
    """Registers what can be, notes what cannot, and counts."""
    good: list[Candidate] = []
    refused: list[RefusedRow] = []
    for row in rows:
        command, faults = _checked(job, row.cells, session, context)
        if faults:
            refused.append(RefusedRow(row, faults))
        else:
            good.append(Candidate(row, command))
    fresh = await _register(session, job, good, refused, context)
    await _note(session, job, refused, context.ring)
    job.registered += fresh
    job.failed += len(refused)
    job.done += len(rows)


async def _register(
    session: Session,
    job: Import,
    candidates: list[Candidate],
    refused: list[RefusedRow],
    context: Context,
) -> int:
    """Registers who is not known, refuses who is known otherwise; returns how many are new."""
    ring = context.ring
    id_numbers = [candidate.command.id_number for candidate in candidates]
    known = await elders.known(session, ring, id_numbers)
    likely = await elders.likely_known(
        session, ring, [command for _, command in candidates if command.id_number not in known]
    )
    fresh: dict[str, dict[str, object]] = {}
    new: dict[tuple[str, ...], object] = {}
    compared = [elder.elder_id for elder in known.values()]
    await _note_comparisons(session, job, [*compared, *likely.values()])
    for row, command in candidates:
        number = command.id_number
        if number not in known and number not in fresh:
            key = _likeness(command)
            like = likely.get(number) or new.get(key)
            if like and not command.another_person:
                refused.append(RefusedRow(row, [_fault(LikelyKnown(elder_id=like))]))
                continue
            fresh[number] = elders.columns(
                command, session.now, context, registered_by=job.started_by
            )
            new[key] = fresh[number]["elder_id"]
            continue
        there = known.get(number) or Elder.model_validate(fresh[number])
        if faults := _differences(job, there, command, ring):
            refused.append(RefusedRow(row, faults))
        else:
            job.unchanged += 1
    await _copy_elders(session, list(fresh.values()))
    return len(fresh)


async def _note_comparisons(session: Session, job: Import, elder_ids: Sequence[object]) -> None:
    """A file that states something of a known person learns whether it is so: an access to that
    person's data by whoever sent the file.
    """
    if elder_ids:
        subject = job.started_by or "nobody"
        caller = Caller(subject, subject, frozenset())
        access = Call(caller, None, "api", session.now, str(job.import_id), method=START)
        await audit.record(session, access, sorted(map(str, elder_ids)), f"import {job.import_id}")


def _checked(
    job: Import, cells: Cells, session: Session, context: Context
) -> tuple[api.RegisterElder, list[Fault]]:
    """The registration a row means, and everything that forbids it; what Register refuses is
    refused here by the same code.
    """
    command, faults = files.parsed(job.columns, cells)
    faulty = {fault.field for fault in faults}
    for fault in _violations(command):
        if fault.field not in faulty:
            faults.append(fault)
            faulty.add(fault.field)
    if "id_number" not in faulty:
        for refusal in elders.faults(command, local_day(session.now), context):
            field = refusal.field or ""
            if faulty.isdisjoint(_PARTS.get(field, ())):
                faults.append(_fault(refusal))
    if "area_code" not in faulty and not areas.is_in(command.area_code, job.area_code):
        text = AREA_NOT_YOURS.of(area_code=job.area_code)
        faults.append(Fault("area_code", text.key, text))
    return command, faults


def _violations(command: api.RegisterElder) -> Iterator[Fault]:
    """What the contract's own constraints forbid, and what no request may hold."""
    for violation in protovalidate.collect_violations(command):
        path = violation.proto.field
        field = path.elements[0].field_name if path else ""
        rule = violation.proto.rule_id
        yield Fault(field, rule, rules.of_contract(rule, command.DESCRIPTOR.fields_by_name[field]))
    for place, rule in values.broken(command):
        yield Fault(place.partition("[")[0], "VALUE", rule)


def _differences(
    job: Import, there: Elder, command: api.RegisterElder, ring: KeyRing
) -> list[Fault]:
    """What a row states otherwise than the register; an empty cell states nothing. Elders of other
    areas are not described.
    """
    if not areas.is_in(there.area_code, job.area_code):
        return [Fault("id_number", KNOWN_ALREADY.key, KNOWN_ALREADY)]
    pairs: dict[str, tuple[object, object]] = {
        "area_code": (there.area_code, command.area_code),
        "living": (int(there.living), command.living),
    }
    if "hardships" in job.columns:
        pairs["hardships"] = (there.hardships, sorted(command.hardships))
    if command.HasField("hardships_on"):
        begun = {one["since_on"] for one in there.hardship_periods if not one["until_on"]}
        pairs["hardships_on"] = (begun, {command.hardships_on} if command.hardships else set())
    if "local_register" in job.columns:
        pairs["local_register"] = (there.local_register, command.local_register)
    for kind in TEXTS:
        text = getattr(command, kind)
        if text:
            plain = kind.removeprefix("contact_")
            pairs[kind] = (normal(plain, opened(ring, there, kind)), normal(plain, text))
    if command.HasField("lon") and command.HasField("lat"):
        lon, lat = elders.position(command)
        pairs["lon"] = (opened(ring, there, "position"), f"{lon!r} {lat!r}")
    return [_other(field) for field, (before, now) in pairs.items() if before != now]


def _likeness(command: api.RegisterElder) -> tuple[str, ...]:
    """What probably one person shares with nobody else: name, birth day and community."""
    return normal("name", command.name), command.id_number[6:14], command.area_code


def _fault(refusal: Refusal) -> Fault:
    return Fault(refusal.field or "", refusal.reason, refusal.phrase)


def _other(field: str) -> Fault:
    text = KNOWN_WITH_OTHER_FIELDS.of(field=field)
    return Fault(field, text.key, text)


async def _copy_elders(session: Session, rows: list[dict[str, object]]) -> None:
    """Copies all rows in at once, past the ORM: ten times faster. A person whom another import was
    faster to register breaks the chunk, which is then taken again.
    """
    for row in rows:
        row["version"] = 1
        emit(session, events.ElderRegistered(elder=public(row)), sequence=1)
        # jsonb is copied in as its text
        row["hardship_periods"] = json.dumps(row["hardship_periods"], ensure_ascii=False)
    columns = tuple(Elder.model_fields)
    records = [tuple(row[column] for column in columns) for row in rows]
    await _copy(session, "elder", columns, records)


async def _note(session: Session, job: Import, refused: list[RefusedRow], ring: KeyRing) -> None:
    """Keeps refused rows as they came, with all that is wrong with them."""
    records = [
        (
            job.import_id,
            row.line,
            json.dumps([[*fault, fault.text.zh] for fault in faults], ensure_ascii=False),
            ring.seal(json.dumps(row.cells, ensure_ascii=False), "rows"),
        )
        for row, faults in refused
    ]
    columns = ("import_id", "line", "errors", "cells_sealed")
    await _copy(session, "import_failure", columns, records)


async def _copy(
    session: Session, table: str, columns: Sequence[str], records: Sequence[tuple[object, ...]]
) -> None:
    if records:
        driver = await session.driver()
        await driver.copy_records_to_table(table, columns=columns, records=records)
