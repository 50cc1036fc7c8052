"""Composition: the only file that constructs."""

from kit.runtime import entry
from kit.runtime.parts import Parts
from supervision import consumers
from supervision.api import Audits, Complaints
from supervision.settings import Settings


def servicers(parts: Parts) -> list[object]:
    """What answers gRPC."""
    return [Audits(), Complaints()]


def main() -> None:
    """Runs until a signal."""
    entry.run(entry.settings(Settings), servicers=servicers, group=consumers.GROUP)


if __name__ == "__main__":
    main()
