"""What runs for as long as the service: the queue of proofs is worked off."""

import asyncio
from pathlib import Path

from datacenter.proofruns.flows import work_off
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
