"""Nothing that the fold counts escapes its proof."""

from datacenter.counts.measures import COMPILED
from datacenter.indicators.catalogue import catalogue, limits
from datacenter.proofs.recount.month import Recount
from datacenter.testing.history import History
from datacenter.testing.villages import CITY


def test_every_event_that_the_fold_reads_is_recounted_and_no_other() -> None:
    assert Recount("2025-03", limits()).counted == COMPILED.readers.keys()


def test_every_figure_of_the_catalogue_is_recounted_and_no_other() -> None:
    recount = Recount("2025-03", limits())
    for one in History(3).grow(60).ordered():
        recount.take(one.event, one.time, one.sequence)

    assert {
        code for (code, area), parts in recount.figures().items() if area == CITY and any(parts)
    } == catalogue().keys()
