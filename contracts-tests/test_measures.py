"""A figure may be made of any measure that is declared: each is recounted and has its truth."""

from datacenter.indicators.catalogue import limits
from datacenter.proofs.recount.month import Recount
from datacenter.subjects.registry import cells, measures
from kit.contracts import areas
from simulator.truth.counting import Truth
from simulator.truth.measures import KNOWN


def test_every_measure_and_part_that_is_declared_has_its_truth_and_is_recounted() -> None:
    Truth(areas.load())  # finds them
    declared = measures().keys() | cells().keys()

    assert declared == KNOWN
    assert Recount("2026-01", limits()).measures().keys() == declared
