"""Composition: the only file that constructs."""

from kit.runtime import entry

if __name__ == "__main__":
    entry.prepare()

import asyncio

from eldercare.dispatch.v1.events_pb2 import OrderPlaced

from kit.contracts.modules import import_all
from kit.contracts.refusals import Unavailable
from kit.db.store import Store
from kit.messaging.consumers import Consumers
from kit.messaging.outbox import route
from kit.messaging.status import is_behind
from kit.observability.logs import log
from kit.runtime.parts import Parts
from subsidy.entitlements.api import Entitlements
from subsidy.entitlements.flows import monthly
from subsidy.holds.api import Vouchers
from subsidy.holds.jobs import SWEPT, Behind, sweep
from subsidy.ledger.api import Ledger
from subsidy.payments.api import Payments
from subsidy.payments.flows import debts
from subsidy.policies.api import Policies
from subsidy.policies.flows import publish
from subsidy.recoveries.api import Recoveries
from subsidy.settings import GROUP, Settings
from subsidy.vouchers.flows import lapsing

# what registers itself at import
import_all("subsidy", "consumers")
import_all("subsidy", "jobs")


def servicers(_: Parts) -> list[object]:
    """What answers gRPC."""
    return [Policies(), Entitlements(), Vouchers(), Payments(), Recoveries(), Ledger()]


async def begin(store: Store) -> None:
    """Publishes what was never published and sets the timers of the present period; doing it twice
    changes nothing.
    """
    async with store.transaction() as session:
        await publish(session)
        await monthly.schedule(session)
        await lapsing.schedule(session)
        await debts.schedule(session)


async def keep_up(parts: Parts, behind: Behind) -> None:
    """Begins, then sweeps for as long as the service runs; behind: as for `sweep`."""
    assert isinstance(parts.settings, Settings)
    begun = False
    while True:
        try:
            if not begun:
                await begin(parts.store)
                begun = True
            while await sweep(parts.store, behind) == SWEPT:
                pass
        except Unavailable as error:
            log.warning("the sweep of holds rests", reason=error.reason)
        await asyncio.sleep(parts.settings.sweep_pause.total_seconds())


def main() -> None:
    """Runs until a signal."""
    settings = entry.settings(Settings)
    reader = Consumers(GROUP, member=settings.member, session_ms=settings.session_ms)

    async def behind() -> bool:
        return await is_behind(reader, route(OrderPlaced).topic)

    async def sweep_holds(parts: Parts) -> None:
        await keep_up(parts, behind)

    entry.run(settings, servicers=servicers, consumers=lambda _: reader, also=[sweep_holds])


if __name__ == "__main__":
    main()
