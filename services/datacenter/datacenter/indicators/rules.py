"""What a figure is made of, and its value."""

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import NamedTuple

from datacenter.subjects.measures import Measure

TOP, LEAST = 2, 5  # levels of areas that have figures: city … village


class Places(NamedTuple):
    """Areas of a level; of these kinds alone, as the tree of areas names them, if any is told."""

    level: int
    kinds: frozenset[str] = frozenset()

    def hold(self, level: int, kinds: Set[str]) -> bool:
        """Whether an area of this level and of these kinds is one of them."""
        return level == self.level and (not self.kinds or bool(self.kinds & kinds))


@dataclass(frozen=True, slots=True)
class Indicator:
    """One entry of the catalogue.

    form: `count`; `share`: numerator ÷ denominator × factor; `presence`: areas of `places` in which
    the numerator is above zero, over all of them in the area tree.
    numerator_evidence, denominator_evidence: lineage leads to the events that count in these.
    authority_zh, authority_en: who has set the target. open_days: how long after a month something
    may still come to it that belongs to it; None where nothing can.
    plausible_to: a value above it is doubted, in the figure's unit; None where any is believed.
    unassessed: those whom it may concern and who are in neither part; None where there are none.
    topics: where its facts come from. definition: first day of
    this version and a digest of all that makes the figure, so that no two ways of counting bear one
    version.
    """

    code: str
    name_zh: str
    name_en: str
    unit: str
    dimension: str
    formula_zh: str
    formula_en: str
    source: str
    source_zh: str
    form: str
    numerator: Measure
    denominator: Measure | None
    numerator_evidence: tuple[Measure, ...]
    denominator_evidence: tuple[Measure, ...]
    places: Places | None
    factor: int
    target: float | None
    target_sense: str
    authority_zh: str
    authority_en: str
    open_days: int | None
    plausible_to: float | None
    unassessed: Measure | None
    key: bool
    topics: tuple[str, ...]
    definition: str

    def parts(
        self,
        counted: Callable[[Measure], int],
        present: Callable[[Measure, Places], int],
        all_of: Callable[[Places], int],
    ) -> tuple[int, int]:
        """Numerator and denominator. counted: a measure of the area; present, all_of: places in
        it that have one, and all.
        """
        if self.places is not None:
            return present(self.numerator, self.places), all_of(self.places)
        return counted(self.numerator), counted(
            self.denominator
        ) if self.denominator is not None else 0

    def value(self, numerator: int, denominator: int) -> float | None:
        """The figure; None where a zero denominator leaves no value."""
        if self.form == "count":
            return float(numerator)
        return numerator * self.factor / denominator if denominator else None
