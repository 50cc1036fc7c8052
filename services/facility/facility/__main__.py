"""Composition: the only file that constructs."""

from facility import consumers, ground
from facility.api import Facilities, Organisations, Stays, Workers
from facility.settings import Settings
from kit.runtime import entry
from kit.runtime.parts import Parts


def servicers(parts: Parts) -> list[object]:
    """What answers gRPC."""
    under = ground.of(parts.store)
    return [Organisations(under), Facilities(under), Stays(), Workers(under)]


def main() -> None:
    """Runs until a signal."""
    entry.run(entry.settings(Settings), servicers=servicers, group=consumers.GROUP)


if __name__ == "__main__":
    main()
