"""Asks for proofs, cancels them, and works the queue off."""

import asyncio
import contextlib
import functools
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
from eldercare.datacenter.v1 import api_pb2 as pb
from sqlmodel import col, select

from datacenter import months
from datacenter.archive.flows import exported
from datacenter.proofruns.errors import NotProved, RunEnded
from datacenter.proofruns.rules import OPEN, RunState
from datacenter.proofruns.tables import ProofRun
from datacenter.proofs import flows as proofs
from datacenter.proofs.flows import Found, Progress
from kit.contracts import ids
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Unavailable
from kit.db.connections import connect_options
from kit.db.driver import Row
from kit.db.errors import FAILED
from kit.db.store import Session, Store
from kit.observability.logs import log
from kit.security.access import Caller

TOO_MANY = Phrase("too many proofs wait", "等待的核验任务过多")
MOST_WAITING = 20  # proofs under way and waiting
RETRY_S = 60.0
LOOK_S = 0.2  # between two looks at a run that another process makes
BEAT = timedelta(seconds=60)  # a run without progress for so long was left behind by its process

_EVENTS = "select coalesce(sum(applied), 0) from position"
_CLAIM = """
update proof_run set state = $1, events = 0, beat_at = $2 where run_id = (
    select run_id from proof_run where state = $3 or (state = $1 and beat_at < $4)
    order by run_id limit 1 for update skip locked)
returning run_id, area_code, month"""
_BEAT = "update proof_run set events = $2, beat_at = now() where run_id = $1 and state = $3"
_turn = asyncio.Lock()  # a recount takes gigabytes: one after the other
_working: set[asyncio.Task[bool]] = set()  # of callers who may leave


class Cancelled(Exception):
    """The run is nobody's any more."""


async def start(session: Session, area_code: str, month: int) -> ProofRun:
    """Puts a proof into the queue, or finds the one that is there already.

    Raises: Unavailable where the queue is full.
    """
    open_ones = await _open_runs(session)
    for known in open_ones:
        if (known.area_code, known.month) == (area_code, month):
            return known
    if len(open_ones) >= MOST_WAITING:
        raise Unavailable("proofs", TOO_MANY, retry_after_s=RETRY_S)
    run = ProofRun(
        run_id=ids.new(),
        area_code=area_code,
        month=month,
        of_events=int(await (await session.driver()).fetchval(_EVENTS)),
        asked_at=session.now,
    )
    session.add(run)
    return run


async def _open_runs(session: Session) -> Sequence[ProofRun]:
    # two who ask at once wait for each other, so that they find one run
    await (await session.driver()).execute("lock table proof_run in share row exclusive mode")
    return (await session.exec(select(ProofRun).where(col(ProofRun.state).in_(OPEN)))).all()


async def cancel(session: Session, command: pb.CancelProofRun, caller: Caller) -> ProofRun:
    """Ends a run that waits or is under way; twice is as once. Raises: NotFound, RunEnded."""
    run = await session.get_locked(ProofRun, UUID(command.run_id), caller)
    if run.state in OPEN:
        run.state = RunState.CANCELLED
    elif run.state is not RunState.CANCELLED:
        raise RunEnded(run_id=run.run_id, state=run.state.name)
    return run


async def prove(store: Store, area_code: str, month: int, folder: Path | None = None) -> UUID:
    """Asks for a proof of an area and all in it, and waits for it; who asks at the same time gets
    the same proof. It is made also if the caller leaves.

    folder: where the files of exported days are.
    Raises: NotProved where it failed or was cancelled; Unavailable where too many wait.
    """
    async with store.transaction() as session:
        run_id = (await start(session, area_code, month)).run_id
    while (run := await _read(store, run_id)).state in OPEN:
        task = asyncio.create_task(work_next(store, folder))
        _working.add(task)
        task.add_done_callback(_working.discard)
        if not await asyncio.shield(task):
            await asyncio.sleep(LOOK_S)
    if run.proof_id is None:
        raise NotProved(month=months.text(month), why=run.reason or run.state.name)
    return run.proof_id


async def _read(store: Store, run_id: UUID) -> ProofRun:
    async with store.reading() as session:
        return await session.get_one(ProofRun, run_id)


async def work_off(store: Store, folder: Path | None) -> None:
    """Makes the proofs that wait, one after the other, until none does; other replicas make others.

    folder: where the files of exported days are.
    """
    while await work_next(store, folder):
        pass


async def work_next(store: Store, folder: Path | None) -> bool:
    """Makes the next proof that waits; False where none does."""
    async with _turn:
        if (run := await claimed(store)) is None:
            return False
        progress = functools.partial(beat, store.dsn, run["run_id"])
        with contextlib.suppress(Cancelled):
            await made(store, run, folder, progress)
    return True


async def claimed(store: Store) -> Row | None:
    """Takes the next run: one that waits, or one that its process has left behind."""
    now = store.clock.real()
    async with store.transaction() as session:
        found: Row | None = await (await session.driver()).fetchrow(
            _CLAIM, RunState.RUNNING, now, RunState.WAITING, now - BEAT
        )
    return found


async def made(store: Store, run: Row, folder: Path | None, progress: Progress) -> None:
    """Recounts and stores what a claimed run has found; one that fails says why.

    Raises: Cancelled, where `progress` does.
    """
    run_id = run["run_id"]
    try:
        found = await proofs.recount_beside(store, run["area_code"], run["month"], folder, progress)
    except (exported.DayExported, exported.DayAltered) as error:
        await _end(store, run_id, RunState.FAILED, str(error))
    except asyncio.CancelledError:  # the service ends: the next one makes it
        await asyncio.shield(_end(store, run_id, RunState.WAITING))
        raise
    except (Cancelled, *FAILED):  # without its beat it is left behind, and begins anew
        raise
    except Exception as error:  # noqa: BLE001 - the one run fails, and says so
        log.error("a proof failed", run_id=str(run_id), exc_info=error)
        await _end(store, run_id, RunState.FAILED, type(error).__name__)
    else:
        await _keep(store, run, found)


async def _keep(store: Store, run: Row, found: Found) -> None:
    async with store.transaction() as session:
        row = await session.get_locked(ProofRun, run["run_id"])
        if row.state is RunState.RUNNING:
            row.proof_id = await proofs.keep(session, row.area_code, row.month, found)
            row.state, row.events = RunState.DONE, found.events


async def _end(store: Store, run_id: UUID, state: RunState, reason: str = "") -> None:
    async with store.transaction() as session:
        run = await session.get_locked(ProofRun, run_id)
        if run.state is RunState.RUNNING:
            run.state, run.reason = state, reason


async def beat(dsn: str, run_id: UUID, events: int) -> None:
    """Notes how far a run is, from the process that recounts. Raises: Cancelled."""
    connection = await asyncpg.connect(dsn, **connect_options("proof"))
    try:
        if await connection.execute(_BEAT, run_id, events, RunState.RUNNING) != "UPDATE 1":
            raise Cancelled
    finally:
        await connection.close()
