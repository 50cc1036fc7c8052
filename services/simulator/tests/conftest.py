"""The figures as the catalogue of the data center defines them."""

from collections.abc import Callable

import pytest

from kit.contracts import standards
from simulator.truth.counting import Truth
from simulator.truth.figures import Definition, Pair

Figures = dict[tuple[str, str], Pair]  # code, area


@pytest.fixture(scope="session")
def definitions() -> list[Definition]:
    """What each figure is made of."""
    entries = [one for one in standards.load("datacenter") if one.path.startswith("indicators.")]
    newest = {entry.path.removeprefix("indicators."): entry.values[-1][1] for entry in entries}
    return [
        Definition(code, of["numerator"], of.get("denominator", ""), of.get("level"))
        for code, of in newest.items()
    ]


@pytest.fixture(scope="session")
def figures_of(definitions: list[Definition]) -> Callable[[Truth, str], Figures]:
    """`figures_of(truth, "2026-01")` = every figure of a month, wherever something was counted."""

    def figures(truth: Truth, month: str) -> Figures:
        return {
            (one.code, area): pair
            for one in definitions
            for area, pair in truth.figure(month, one).items()
        }

    return figures
