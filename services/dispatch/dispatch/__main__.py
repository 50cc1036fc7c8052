"""Composition: the only file that constructs."""

from dispatch import consumers
from dispatch.api import Catalogue, Orders
from dispatch.duties import Duties
from dispatch.engine import Engine
from dispatch.flows.placing import Placing
from dispatch.settings import Settings
from kit.runtime import entry
from kit.runtime.parts import Parts


def placing(parts: Parts) -> Placing:
    """The flow that needs the two neighbours."""
    settings = parts.settings
    if not isinstance(settings, Settings):
        raise TypeError("dispatch runs with its own settings")
    return Placing(
        parts.client(settings.assessment_address), parts.client(settings.subsidy_address)
    )


def servicers(parts: Parts) -> list[object]:
    """What answers gRPC."""
    return [Catalogue(), Orders(placing(parts))]


def main() -> None:
    """Runs until a signal."""
    settings = entry.settings(Settings)

    async def duties(parts: Parts) -> None:
        await Duties(parts.store, placing(parts), Engine(settings.solve_budget)).run()

    entry.run(settings, servicers=servicers, group=consumers.GROUP, also=[duties])


if __name__ == "__main__":
    main()
