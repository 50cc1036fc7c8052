"""What runs for as long as the service: the queue of proofs, and the daily proofs put into it."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

from datacenter.proofruns.errors import NotProved
from datacenter.proofruns.flows.daily import Outdated, prove_due
from datacenter.proofruns.flows.running import work_off
from kit.contracts.refusals import Unavailable
from kit.db.errors import FAILED
from kit.db.store import Store
from kit.observability.logs import log

PAUSE_S = 2.0


async def keep_working(store: Store, folder: Path | None = None) -> None:
    """Looks again and again. folder: where the files of exported days are."""
    while True:
        try:
            await work_off(store, folder)
        except FAILED as error:
            log.warning("proofs rest", error=type(error).__name__)
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
        except (Unavailable, Outdated, NotProved) as error:
            log.warning("no proof now", error=type(error).__name__, why=str(error))
