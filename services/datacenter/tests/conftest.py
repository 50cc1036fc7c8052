"""Short ways into a data center of its own."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date

import pytest

from datacenter import months
from datacenter.counts import queries as counts
from datacenter.figures import queries as figures
from datacenter.indicators.catalogue import catalogue, limits
from datacenter.proofs.flows import definitions
from datacenter.proofs.recount.figures import Figures, figures_of
from datacenter.proofs.recount.month import Recount
from datacenter.testing.callers import an_operator
from datacenter.testing.records import DatedEvent, Record, dispatched
from datacenter.testing.villages import CITY
from kit.contracts import areas
from kit.db.store import Store


@pytest.fixture
def hear(store: Store) -> Callable[[Sequence[Record]], Awaitable[None]]:
    """`await hear(records)` reads them as one batch."""

    async def read(records: Sequence[Record]) -> None:
        async with store.transaction() as session:
            await dispatched(session, records)

    return read


@pytest.fixture
def shown(store: Store) -> Callable[..., Awaitable[Figures]]:
    """`await shown("2026-03")` = numerator and denominator by code and area, where one of them is
    not zero. `today=`: as of a day; without it all is due.
    """

    async def read(month: str, today: date = date.max) -> Figures:
        codes = [area.code for area in areas.load().within(CITY)]
        async with store.reading() as session:
            at = months.of_text(month)
            counted = await counts.totals(session, an_operator(), codes, at, at, today)
            present = await counts.presence(session, an_operator(), CITY, at, at)
        every = list(catalogue().values())
        of_areas = [indicator for indicator in every if indicator.places is not None]
        # most villages have no counts, and there all others are zero
        has_counts = {area for _, area, _ in counted}
        return {
            (indicator.code, code): parts
            for code in codes
            for indicator in (every if code in has_counts else of_areas)
            if any(parts := figures.parts_of(indicator, code, at, counted, present))
        }

    return read


def recounted(events: Sequence[DatedEvent], month: str, today: date = date.max) -> Figures:
    """The same by the definitions alone."""
    recount = Recount(month, limits(), today)
    for one in events:
        recount.take(one.event, one.time, one.sequence)
    found = figures_of(definitions(), recount.measures())
    return {key: parts for key, parts in found.items() if any(parts)}


@pytest.fixture
def recount() -> Callable[..., Figures]:
    """`recount(events, "2026-03")` = the same by the definitions alone."""
    return recounted
