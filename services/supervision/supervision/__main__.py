"""Composition: the only file that constructs."""

from kit.runtime import entry

if __name__ == "__main__":
    entry.prepare()

from kit.contracts.modules import import_all
from kit.runtime.parts import Parts
from supervision.complaints.api import Complaints
from supervision.settings import GROUP, Settings
from supervision.settlements.api import Audits


def servicers(parts: Parts) -> list[object]:
    """What answers gRPC."""
    return [Audits(), Complaints()]


def main() -> None:
    """Runs until a signal."""
    import_all("supervision", "consumers")
    import_all("supervision", "jobs")
    entry.run(entry.settings(Settings), servicers=servicers, group=GROUP)


if __name__ == "__main__":
    main()
