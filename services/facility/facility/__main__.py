"""Composition: the only file that constructs."""

from kit.runtime import entry

if __name__ == "__main__":
    entry.prepare()

from facility.charges.api import Charges
from facility.context import GROUP, context_of
from facility.facilities.api import Facilities
from facility.organisations.api import Organisations
from facility.settings import Settings
from facility.stays.api import Stays
from facility.workers.api import Workers
from kit.contracts.modules import import_all
from kit.runtime.parts import Parts

import_all("facility", "consumers")
import_all("facility", "jobs")


def servicers(parts: Parts) -> list[object]:
    """What answers gRPC."""
    context = context_of(parts.store)
    return [Organisations(context), Facilities(context), Stays(), Charges(), Workers(context)]


def main() -> None:
    """Runs until a signal."""
    entry.run(entry.settings(Settings), servicers=servicers, group=GROUP)


if __name__ == "__main__":
    main()
