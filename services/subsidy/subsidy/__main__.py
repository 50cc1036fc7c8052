"""Composition: the only file that constructs."""

from kit import service
from kit.service.parts import Parts
from subsidy import consumers
from subsidy.api import Entitlements, Ledger, Payments, Policies, Vouchers
from subsidy.settings import Settings


def servicers(_: Parts) -> list[object]:
    """What answers gRPC."""
    return [Policies(), Entitlements(), Vouchers(), Payments(), Ledger()]


def main() -> None:
    """Runs until a signal."""
    service.run(service.settings(Settings), servicers=servicers, group=consumers.GROUP, also=[consumers.keep_up])


if __name__ == "__main__":
    main()
