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

from datacenter import months
from datacenter.archive.events import Row, decoded
from datacenter.archive.flows import exported
from datacenter.counts import queries as counts
from datacenter.figures import queries as figures
from datacenter.indicators.catalogue import catalogue, limits
from datacenter.proofs.recount.figures import Definition, Figures, figures_of
from datacenter.proofs.recount.month import Recount
from datacenter.proofs.tables import Difference, Proof
from kit.contracts import areas, ids
from kit.contracts.clock import Clock, local_day
from kit.db.store import Session, Store
from kit.observability.logs import log
from kit.security.access import Caller, area_prefix

_CHUNK = 10_000
_SMALL = 50_000  # events that are recounted in about a second
_NOBODY = Caller(
    subject="proof", client_id="datacenter", roles=frozenset({"service"}), service=True
)

# is told of the events read so far; goes to another process, so it is a function of a module
Progress = Callable[[int], Awaitable[None]]


class Found(NamedTuple):
    """What a recount has found; without events it has proved no figure.

    differences: code, area, shown numerator and denominator, recounted ones.
    """

    figures: int
    events: int
    differences: list[tuple[str, str, int, int, int, int]]


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
    today = local_day(store.clock.now())
    question = (store.dsn, area_code, month, today, folder, progress)
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
    today: date,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Found:
    """Recounts and compares in this process, in one snapshot of the database. today: the business
    day, up to which a running month counts.
    """
    return asyncio.run(_compared(dsn, area_code, month, today, folder, progress))


async def _compared(
    dsn: str,
    area_code: str,
    month: int,
    today: date,
    folder: Path | None,
    progress: Progress | None,
) -> Found:
    store = Store(dsn, service="datacenter", clock=Clock(), pool_size=2)
    try:
        async with store.reading(snapshot=True) as session:
            gone = await exported.held(await session.driver())
            await (await session.driver()).execute(
                "set local idle_in_transaction_session_timeout = 0"
            )
            files = await exported.files(gone, folder)
            shown = await _shown(session, area_code, month, today)
            recounted, events = await _recounted(session, month, today, files, progress)
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


async def _shown(session: Session, area_code: str, month: int, today: date) -> Figures:
    codes = [area.code for area in areas.load().within(area_code)]
    counted = await counts.totals(session, _NOBODY, codes, month, month, today)
    present = await counts.presence(session, _NOBODY, area_code, month, month)
    return {
        (one.code, code): figures.parts_of(one, code, month, counted, present)
        for code in codes
        for one in catalogue().values()
    }


async def _recounted(
    session: Session, month: int, today: date, files: Sequence[Path], progress: Progress | None
) -> tuple[Figures, int]:
    recount = Recount(months.text(month), limits(), today)
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
            tuple(one.places.kinds) if one.places else (),
        )
        for one in catalogue().values()
    ]


def _take(recount: Recount, rows: Iterable[Row]) -> None:
    for event, time, sequence in decoded(rows):
        recount.take(event, time, sequence)
