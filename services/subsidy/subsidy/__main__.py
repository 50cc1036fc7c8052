"""Composition: the only file that constructs."""

from kit import service
from kit.events.consumers import Consumers
from kit.service.parts import Parts
from subsidy import consumers
from subsidy.api import Entitlements, Ledger, Payments, Policies, Vouchers
from subsidy.settings import Settings


def servicers(_: Parts) -> list[object]:
    """What answers gRPC."""
    return [Policies(), Entitlements(), Vouchers(), Payments(), Ledger()]


def main() -> None:
    """Runs until a signal."""
    told = service.settings(Settings)
    reader = Consumers(consumers.GROUP, member=told.member, session_ms=told.session_ms)

    async def keep_up(parts: Parts) -> None:
        await consumers.keep_up(parts, reader)

    service.run(told, servicers=servicers, consumers=lambda _: reader, also=[keep_up])


if __name__ == "__main__":
    main()
