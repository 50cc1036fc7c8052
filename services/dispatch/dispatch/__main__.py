"""Composition: settings, neighbours, solver, then the kit runs it."""

from collections.abc import Sequence

from kit import service


def main() -> None:
    """Runs dispatch until a signal."""
    service.heed()
    from dispatch import consumers  # noqa: F401 - registers what it hears
    from dispatch.api import Catalogue, Orders
    from dispatch.duties import Duties
    from dispatch.engine import Engine
    from dispatch.flows.placing import Placing
    from dispatch.settings import Settings
    from kit.service.parts import Parts

    settings = service.settings(Settings)

    def placing(parts: Parts) -> Placing:
        return Placing(parts.client(settings.assessment), parts.client(settings.subsidy))

    def servicers(parts: Parts) -> Sequence[object]:
        return [Catalogue(), Orders(placing(parts))]

    async def duties(parts: Parts) -> None:
        await Duties(parts.store, placing(parts), Engine(settings.solve_budget)).run()

    service.run(settings, servicers=servicers, group="dispatch", also=[duties])


if __name__ == "__main__":
    main()
