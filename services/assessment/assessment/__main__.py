"""Composition: the only file that constructs."""

from assessment import consumers, ground
from assessment.api import Applications, Assessments, Elders, Imports
from assessment.settings import Settings
from kit.runtime import entry
from kit.runtime.parts import Parts


def servicers(parts: Parts) -> list[object]:
    """What answers gRPC."""
    under = ground.of(parts.store)
    return [Elders(under), Imports(under), Applications(), Assessments(under)]


def main() -> None:
    """Runs until a signal."""
    entry.run(entry.settings(Settings), servicers=servicers, group=consumers.GROUP)


if __name__ == "__main__":
    main()
