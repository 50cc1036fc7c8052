"""Composition: the only file that constructs."""

from kit.runtime import entry

if __name__ == "__main__":
    entry.prepare()

from dispatch.catalogue.api import Catalogue
from dispatch.orders import jobs as order_jobs
from dispatch.orders.api import Orders
from dispatch.orders.flows.placing import Placing
from dispatch.planning import jobs as planning_jobs
from dispatch.planning.engine import Engine
from dispatch.settings import GROUP, Settings
from kit.contracts.modules import import_all
from kit.runtime.jobs import BackgroundJobs
from kit.runtime.parts import Parts


def placing(parts: Parts) -> Placing:
    """The flow that needs the two neighbours."""
    settings = _settings(parts)
    return Placing(
        parts.client(settings.assessment_address), parts.client(settings.subsidy_address)
    )


def servicers(parts: Parts) -> list[object]:
    """What answers gRPC."""
    return [Catalogue(), Orders(placing(parts))]


async def background_jobs(parts: Parts) -> None:
    """Runs the background jobs of all modules until cancelled: a solve may take longer than a drain
    has, and its county is planned anew.
    """
    engine = Engine(_settings(parts).solve_budget)
    jobs = {
        **order_jobs.background_jobs(parts.store, placing(parts)),
        **planning_jobs.background_jobs(parts.store, engine),
    }
    try:
        await BackgroundJobs(parts.store, jobs).run()
    finally:
        await engine.close()


def main() -> None:
    """Runs until a signal."""
    import_all("dispatch", "consumers")
    entry.run(entry.settings(Settings), servicers=servicers, group=GROUP, also=[background_jobs])


def _settings(parts: Parts) -> Settings:
    if not isinstance(parts.settings, Settings):
        raise TypeError("dispatch runs with its own settings")
    return parts.settings


if __name__ == "__main__":
    main()
