"""Composition: the only file that constructs."""

from kit.runtime import entry

if __name__ == "__main__":
    entry.prepare()

from assessment.applications.api import Applications
from assessment.assessments.api import Assessments
from assessment.context import GROUP, context_of
from assessment.elders.api import Elders
from assessment.imports.api import Imports
from assessment.life_events.api import LifeEvents
from assessment.settings import Settings
from kit.contracts.modules import import_all
from kit.runtime.parts import Parts

import_all("assessment", "jobs")


def servicers(parts: Parts) -> list[object]:
    """What answers gRPC."""
    context = context_of(parts.store)
    return [
        Elders(context),
        LifeEvents(context),
        Imports(context),
        Applications(),
        Assessments(context),
    ]


def main() -> None:
    """Runs until a signal."""
    entry.run(entry.settings(Settings), servicers=servicers, group=GROUP)


if __name__ == "__main__":
    main()
