"""Proofs: a month recounted from the whole archive, compared with the figures that are shown at the
same instant.

A large archive is recounted in a process of its own, so that the service goes on answering; for a
small one that process would take longer to start than to count.
"""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, func
from sqlmodel import col, select

from datacenter import months
from datacenter.archive.events import Row, decoded
from datacenter.archive.flows import exported
from datacenter.counts import queries as counts
from datacenter.counts.flows.renewing import outdated
from datacenter.counts.tables import Watermark
from datacenter.figures import queries as figures
from datacenter.indicators.catalogue import catalogue, limits
from datacenter.proofs.recount.figures import Definition, Figures, figures_of
from datacenter.proofs.recount.month import Recount
from datacenter.proofs.tables import Difference, Proof
from kit.contracts import areas, ids
from kit.contracts.clock import Clock, local_day
from kit.contracts.refusals import Unavailable
from kit.db.store import Session, Store
from kit.observability.logs import log
from kit.security.access import Caller, area_prefix

_CHUNK = 10_000
RETRY_S = 60.0
_SMALL = 50_000  # events that are recounted in about a second
_NOBODY = Caller(
    subject="proof", client_id="datacenter", roles=frozenset({"service"}), service=True
)
_running: dict[tuple[str, str, int], asyncio.Task[UUID]] = {}
_turn = asyncio.Lock()  # a recount takes gigabytes: one after the other
MOST_WAITING = 20  # proofs under way and waiting, in this process

# is told of the events read so far; goes to another process, so it is a function of a module
Progress = Callable[[int], Awaitable[None]]


class Outdated(Exception):
    """What is shown was counted by other rules."""


class Found(NamedTuple):
    """What a recount has found; without events it has proved no figure.

    differences: code, area, shown numerator and denominator, recounted ones.
    """

    figures: int
    events: int
    differences: list[tuple[str, str, int, int, int, int]]


async def prove(store: Store, area_code: str, month: int, folder: Path | None = None) -> UUID:
    """Proves all figures of an area and all in it; who asks at the same time gets the same proof.
    It is kept also if the caller leaves.

    folder: where the files of exported days are.
    Raises: DayExported, DayAltered where such a file cannot be read; Unavailable where too many
    wait.
    """
    key = (store.dsn, area_code, month)
    task = _running.get(key)
    if task is None:
        if len(_running) >= MOST_WAITING:
            raise Unavailable("proofs", "too many proofs wait", retry_after_s=RETRY_S)
        task = _running[key] = asyncio.create_task(_proved(store, area_code, month, folder))
        task.add_done_callback(lambda _: _running.pop(key, None))
    return await asyncio.shield(task)


async def _proved(store: Store, area_code: str, month: int, folder: Path | None) -> UUID:
    async with _turn:
        found = await recount_beside(store, area_code, month, folder)
    async with store.transaction() as session:
        return await keep(session, area_code, month, found)


async def recount_beside(
    store: Store,
    area_code: str,
    month: int,
    folder: Path | None,
    progress: Progress | None = None,
) -> Found:
    """Recounts and compares beside this process.

    progress: is told of the events read so far; it may raise to end the recount.
    Raises: DayExported, DayAltered; what `progress` raises.
    """
    question = (store.dsn, area_code, month, folder, progress)
    if await _is_small(store):
        return await asyncio.to_thread(compare, *question)
    child = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    try:
        return await asyncio.get_running_loop().run_in_executor(child, compare, *question)
    finally:
        child.shutdown(wait=False)  # where nobody waits for it any more, this process goes on


async def keep(session: Session, area_code: str, month: int, found: Found) -> UUID:
    """Stores a proof with the differences it has found, and says aloud that there are any."""
    proof_id = ids.new()
    session.add(
        Proof(
            proof_id=proof_id,
            area_code=area_code,
            month=month,
            figures=found.figures,
            events=found.events,
            proved_at=session.now,
        )
    )
    await session.flush()
    session.add_all([_difference(proof_id, *one) for one in found.differences])
    if found.differences:
        log.error(
            "figures differ from the archive",
            month=months.text(month),
            area=area_code,
            differences=len(found.differences),
        )
    return proof_id


async def _is_small(store: Store) -> bool:
    async with store.reading() as session:
        driver = await session.driver()
        counted = await driver.fetchval(
            "select count(*) from (select from archive limit $1) as first", _SMALL + 1
        )
        return int(counted) + sum(day.rows for day in await exported.days(driver)) <= _SMALL


def _difference(proof_id: UUID, code: str, area_code: str, *parts: int) -> Difference:
    return Difference(
        proof_id=proof_id,
        code=code,
        area_code=area_code,
        shown_numerator=parts[0],
        shown_denominator=parts[1],
        recomputed_numerator=parts[2],
        recomputed_denominator=parts[3],
    )


def compare(
    dsn: str,
    area_code: str,
    month: int,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Found:
    """Recounts and compares in this process, in one snapshot of the database."""
    return asyncio.run(_compared(dsn, area_code, month, folder, progress))


async def _compared(
    dsn: str, area_code: str, month: int, folder: Path | None, progress: Progress | None
) -> Found:
    store = Store(dsn, service="datacenter", clock=Clock(), pool_size=2)
    try:
        async with store.reading(snapshot=True) as session:
            gone = await exported.held(await session.driver())
            await (await session.driver()).execute(
                "set local idle_in_transaction_session_timeout = 0"
            )
            files = await exported.files(gone, folder)
            shown = await _shown(session, area_code, month)
            recounted, events = await _recounted(session, month, files, progress)
    finally:
        await store.close()
    inside = {
        key: parts for key, parts in recounted.items() if key[1].startswith(area_prefix(area_code))
    }
    differences = [
        (*key, *shown.get(key, (0, 0)), *inside.get(key, (0, 0)))
        for key in sorted(shown.keys() | inside.keys())
        if shown.get(key, (0, 0)) != inside.get(key, (0, 0))
    ]
    return Found(len(shown.keys() | inside.keys()) if events else 0, events, differences)


async def _shown(session: Session, area_code: str, month: int) -> Figures:
    codes = [area.code for area in areas.load().within(area_code)]
    counted = await counts.totals(session, _NOBODY, codes, month, month)
    present = await counts.presence(session, _NOBODY, area_code, month, month)
    return {
        (one.code, code): figures.parts_of(one, code, month, counted, present)
        for code in codes
        for one in catalogue().values()
    }


async def _recounted(
    session: Session, month: int, files: Sequence[Path], progress: Progress | None
) -> tuple[Figures, int]:
    recount = Recount(months.text(month), limits())
    async for chunk in exported.events(files):
        _take(recount, chunk)
        await _tell(progress, recount)
    cursor = await (await session.driver()).cursor(
        "select type, payload, time, sequence from archive"
    )
    while rows := await cursor.fetch(_CHUNK):
        _take(recount, rows)
        await _tell(progress, recount)
    return figures_of(definitions(), recount.measures()), recount.events


async def _tell(progress: Progress | None, recount: Recount) -> None:
    if progress is not None:
        await progress(recount.events)


def definitions() -> list[Definition]:
    """What the figures of the catalogue are made of, as the recount is told."""
    return [
        Definition(
            one.code,
            one.numerator.name,
            one.denominator.name if one.denominator is not None else None,
            one.places.level if one.places else None,
            one.places.type if one.places else "",
        )
        for one in catalogue().values()
    ]


def _take(recount: Recount, rows: Iterable[Row]) -> None:
    for event, time, sequence in decoded(rows):
        recount.take(event, time, sequence)


async def prove_due(
    store: Store, city: str, proved_on: date | None, folder: Path | None = None
) -> date:
    """Makes what is due today: the present month unless it is proved, and a closed month unless one
    was proved on this day by this loop.

    A closed month comes in turn, since late facts still change it: a recovery, a captured voucher,
    a complaint that is closed. Returns the day for which this is done. Raises: Outdated while the
    counts are another release's: their difference is known.
    """
    async with store.reading() as session:
        if await outdated(session):
            raise Outdated("the counts are made anew first")
    today = store.clock.today()
    present = months.of_day(today)
    if not await is_proved(store, city, present):
        await prove(store, city, present, folder)
    if today != proved_on and (closed := await closed_in_turn(store, city, present)) is not None:
        await prove(store, city, closed, folder)
    return today


async def closed_in_turn(store: Store, city: str, present: int) -> int | None:
    """The month before the present one that was never proved, or whose newest proof is the oldest;
    None where no event is of one.
    """
    proved = and_(col(Proof.month) == Watermark.month, col(Proof.area_code) == city)
    chosen = (
        select(Watermark.month)
        .outerjoin(Proof, proved)
        .where(col(Watermark.month) < present)
        .group_by(col(Watermark.month))
        .order_by(func.max(col(Proof.proved_at)).nulls_first(), col(Watermark.month))
        .limit(1)
    )
    async with store.reading() as session:
        return (await session.exec(chosen)).first()


async def is_proved(store: Store, city: str, month: int) -> bool:
    """Whether today's proof is made; one from before the first event proves nothing, and is made
    anew when there is one.
    """
    async with store.reading() as session:
        chosen = select(Proof.proved_at, Proof.events).where(
            Proof.area_code == city, Proof.month == month
        )
        newest = (
            await session.exec(
                chosen.order_by(col(Proof.proved_at).desc(), col(Proof.proof_id).desc()).limit(1)
            )
        ).first()
        if newest is None or local_day(newest[0]) != local_day(session.now):
            return False
        return bool(newest[1]) or not await (await session.driver()).fetchval(
            "select exists (select from archive)"
        )
