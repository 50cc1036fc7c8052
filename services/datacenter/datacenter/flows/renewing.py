"""After an upgrade: counts that another program made are made anew from the archive, by the rules
that run now, without anybody's doing.

While releases run beside each other, both fold what they hear, each by its own rules. So every
batch notes whether all that is shown was counted by one set of rules (`projection.counted_by`, up
to `counted_to`); a program of other rules, or one that knows of no such note, leaves that mark
behind the last batch. Each replica looks for it and rebuilds, in a process of its own. Rules that
nobody runs any more have no batches, so the counts end as those who stay count, whichever way a
rollout went.
"""

import asyncio
import json
import sys
from dataclasses import asdict
from functools import cache
from hashlib import sha256

from datacenter.flows.limits import limits
from kit.db.errors import FAILED
from kit.db.store import Session, Store
from kit.observability import names
from kit.observability.logs import log

# raised with every change of what an event counts as (`rules`, `flows.reading`): test_renewing.py
# notices one that was forgotten
RULES = 1
PAUSE_S, MOST_S = (
    15.0,
    300.0,
)  # the latter while another replica rebuilds, for hours perhaps, or something is in the way

NUMBER = """
update projection set batch = batch + 1,
counted_by = case when batch = 0 then $1 else counted_by end,
counted_to = case when batch = 0 or counted_by = $1 and counted_to = batch then batch + 1 else counted_to end
returning batch, live"""

_OUTDATED = (
    "select batch > 0 and (counted_by is distinct from $1 or counted_to < batch) from projection"
)


@cache
def counted_by() -> str:
    """Names the rules by which this program counts: their number and a digest of the norms' numbers
    in them.
    """
    return (
        f"{RULES}+{sha256(json.dumps(asdict(limits()), sort_keys=True).encode()).hexdigest()[:8]}"
    )


async def outdated(session: Session) -> bool:
    """Whether anything that is shown was counted by other rules than this program's."""
    return bool(await (await session.driver()).fetchval(_OUTDATED, counted_by()))


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
    """In a process of its own, with this one's environment: this one goes on hearing and answering."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "datacenter.flows.rebuild")
    try:
        if code := await child.wait():
            log.warning("counts are renewed later", exit_code=code)
        return code == 0
    finally:
        if child.returncode is None:
            child.kill()  # what it has not finished is undone
            await child.wait()
