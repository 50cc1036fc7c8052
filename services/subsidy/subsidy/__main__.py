"""Composition: the only file that constructs."""

from eldercare.dispatch.v1.events_pb2 import OrderPlaced

from kit.messaging.consumers import Consumers
from kit.messaging.outbox import route
from kit.messaging.status import is_behind
from kit.runtime import entry
from kit.runtime.parts import Parts
from subsidy import consumers
from subsidy.api import Entitlements, Ledger, Payments, Policies, Vouchers
from subsidy.settings import Settings


def servicers(_: Parts) -> list[object]:
    """What answers gRPC."""
    return [Policies(), Entitlements(), Vouchers(), Payments(), Ledger()]


def main() -> None:
    """Runs until a signal."""
    told = entry.settings(Settings)
    reader = Consumers(consumers.GROUP, member=told.member, session_ms=told.session_ms)

    async def behind() -> bool:
        return await is_behind(reader, route(OrderPlaced).topic)

    async def keep_up(parts: Parts) -> None:
        await consumers.keep_up(parts, behind)

    entry.run(told, servicers=servicers, consumers=lambda _: reader, also=[keep_up])


if __name__ == "__main__":
    main()
