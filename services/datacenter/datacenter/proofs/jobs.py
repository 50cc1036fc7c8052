"""What runs for as long as the service: daily proofs, and the gauges of the figures."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

from datacenter.archive.flows import exported
from datacenter.proofs.flows import Outdated, prove_due
from datacenter.proofs.measuring import measure
from kit.contracts.refusals import Unavailable
from kit.db.store import Store
from kit.observability.logs import log

PAUSE_S = 15.0


async def keep_measuring(store: Store, city: str) -> None:
    """Sets the gauges again and again, for as long as the service runs; every replica sets the
    same.
    """
    began = store.clock.now()
    while True:
        try:
            async with store.reading() as session:
                await measure(session, city, began)
        except Unavailable as error:
            log.warning("figures are not measured now", error=type(error).__name__)
        await asyncio.sleep(PAUSE_S)


async def prove_daily(
    store: Store, city: str, pause: timedelta, folder: Path | None = None
) -> None:
    """Proves the present month and one closed month once per business day, for as long as the
    service runs.

    pause: real time between two looks; on a business clock that runs fast, days without a proof are
    skipped.
    """
    proved_on: date | None = None
    while True:
        await asyncio.sleep(pause.total_seconds())
        try:
            proved_on = await prove_due(store, city, proved_on, folder)
        except (Unavailable, Outdated, exported.DayExported, exported.DayAltered) as error:
            log.warning("no proof now", error=type(error).__name__, why=str(error))
