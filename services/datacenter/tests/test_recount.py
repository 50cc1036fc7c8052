"""Nothing that the fold counts escapes its proof."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import pytest

from datacenter import months
from datacenter.counts.measures import COMPILED
from datacenter.counts.rollup import rolled_up
from datacenter.indicators.catalogue import catalogue, limits
from datacenter.lineage.evidence import counted_in
from datacenter.proofs.flows import definitions
from datacenter.proofs.recount.counting import Measures
from datacenter.proofs.recount.figures import Definition, NotRecounted, figures_of
from datacenter.proofs.recount.month import Recount
from datacenter.subjects.compiled import Compiled
from datacenter.subjects.declaration import When
from datacenter.subjects.registry import cells, measures
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent
from datacenter.testing.villages import CITY
from kit.contracts import areas

MONTHS = ("2025-01", "2025-03", "2025-06")


@cache
def history(seed: int) -> Sequence[DatedEvent]:
    return History(seed).grow(60).ordered()


def recounted(seed: int, month: str) -> Measures:
    recount = Recount(month, limits())
    for one in history(seed):
        recount.take(one.event, one.time, one.sequence)
    return recount.measures()


def test_every_event_that_the_fold_reads_is_recounted_and_no_other() -> None:
    assert Recount("2025-03", limits()).counted == COMPILED.readers.keys()


def test_every_figure_of_the_catalogue_is_recounted_and_no_other() -> None:
    found = figures_of(definitions(), recounted(3, "2025-03"))

    assert {
        code for (code, area), parts in found.items() if area == CITY and any(parts)
    } == catalogue().keys()


def test_every_measure_and_part_that_is_declared_is_recounted_and_no_other() -> None:
    assert Recount("2025-03", limits()).measures().keys() == measures().keys() | cells().keys()


@pytest.mark.parametrize("seed", range(3))
def test_every_measure_and_part_is_what_the_fold_counts(seed: int) -> None:
    """Also those of which no figure is made yet."""
    every = Compiled(cells())
    rows = rolled_up(
        counted_in(
            every.read(one.event, When.of(one.time, one.sequence), limits())
            for one in history(seed)
        )
    )

    for month in MONTHS:
        last, found = months.of_text(month), recounted(seed, month)
        folded: Measures = {measure.name: Counter() for measure in every.measures}
        for (area, at), row in rows.items():
            for measure, amount in row.items():
                if at == last or (measure.is_stock and at < last):
                    folded[measure.name][area] += amount
        for name, counts in folded.items():
            assert counts == found[name], (name, month)


def test_a_figure_of_a_measure_that_nobody_recounts_is_named() -> None:
    with pytest.raises(NotRecounted, match=r"POP99: .* DREAMS"):
        figures_of([Definition("POP99", "ALIVE", "DREAMS")], recounted(3, "2025-03"))


def test_where_nothing_happened_each_measure_is_known_and_nothing() -> None:
    found = figures_of(definitions(), Recount("2025-03", limits()).measures())

    assert {code for code, _ in found} == {one.code for one in definitions() if one.level}
    assert not any(numerator for numerator, _ in found.values())


def test_a_figure_of_streets_and_seats_is_of_no_other_town() -> None:
    tree = [area for area in areas.load() if area.level == areas.TOWNSHIP]
    street = next(area.code for area in tree if area.type == "街道")
    seats = [area.code for area in tree if "县城所在镇" in area.kinds]
    town = next(area.code for area in tree if area.kinds == {"镇"})
    counted = {"TOWN_FACILITIES": Counter({street: 1, town: 1, seats[0]: 1})}

    found = figures_of(
        [
            Definition(
                "FA06", "TOWN_FACILITIES", level=areas.TOWNSHIP, area_types=["街道", "县城所在镇"]
            )
        ],
        counted,
    )

    streets = sum(area.type == "街道" for area in tree)
    assert found["FA06", CITY] == (2, streets + len(seats))
    assert len(seats) == 4
    assert found["FA06", street] == found["FA06", seats[0]] == (1, 1)
    assert ("FA06", town) not in found


def test_a_figure_of_presence_is_of_all_areas_of_its_level_and_of_none_below() -> None:
    counted = recounted(3, "2025-03")
    found = figures_of([Definition("FA99", "FACILITIES", level=areas.TOWNSHIP)], counted)

    towns = [area.code for area in areas.load().within(CITY, areas.TOWNSHIP)]
    present = [code for code in towns if counted["FACILITIES"][code] > 0]
    assert 0 < len(present) < len(towns)
    assert found["FA99", CITY] == (len(present), len(towns))
    assert found["FA99", present[0]] == (1, 1)
    assert {areas.level(area) for _, area in found} == {2, 3, 4}
