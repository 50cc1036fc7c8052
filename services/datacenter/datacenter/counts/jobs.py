"""What runs for as long as the service: counts of other rules are made anew."""

import asyncio
import sys

from datacenter.counts.flows.renewing import counted_by, outdated
from kit.db.errors import FAILED
from kit.db.store import Store
from kit.observability import names
from kit.observability.logs import log

PAUSE_S = 15.0
# while another replica rebuilds, for hours perhaps, or something is in the way
MOST_S = 300.0


async def keep_renewed(store: Store, pause_s: float = PAUSE_S) -> None:
    """Looks again and again, for as long as the service runs; a rebuild that fails is tried again,
    later each time.
    """
    rest_s = pause_s
    while True:
        try:
            async with store.reading() as session:
                old = await outdated(session)
            names.COUNTS_OUTDATED.set(int(old))
            if old:
                log.info("counts of other rules are made anew from the archive", rules=counted_by())
            rest_s = pause_s if not old or await _rebuilt() else min(2 * rest_s, MOST_S)
        except FAILED as error:
            log.warning("counts are renewed later", error=type(error).__name__)
        await asyncio.sleep(rest_s)


async def _rebuilt() -> bool:
    """In a process of its own, with this one's environment: this one goes on reading and
    answering.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "datacenter.counts.flows.rebuild"
    )
    try:
        if code := await child.wait():
            log.warning("counts are renewed later", exit_code=code)
        return code == 0
    finally:
        if child.returncode is None:
            child.kill()  # what it has not finished is undone
            await child.wait()
