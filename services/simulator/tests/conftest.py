"""The figures as the catalogue of the data center defines them."""

from collections.abc import Callable

import pytest

from kit.contracts import standards
from simulator.story.story import Story
from simulator.truth.counting import Truth
from simulator.truth.figures import Definition, Pair
from simulator.world.geography import WHOLE_CITY

Figures = dict[tuple[str, str], Pair]  # code, area


@pytest.fixture(scope="session")
def definitions() -> list[Definition]:
    """What each figure is made of."""
    entries = [one for one in standards.load("datacenter") if one.path.startswith("indicators.")]
    newest = {entry.path.removeprefix("indicators."): entry.values[-1][1] for entry in entries}
    return [
        Definition(
            code,
            of["numerator"],
            of.get("denominator", ""),
            of.get("level"),
            tuple(of.get("area_types", ())),
        )
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


@pytest.fixture(scope="session")
def flows(figures_of: Callable[[Truth, str], Figures]) -> Callable[..., Pair]:
    """`flows(story, "DI03")` = numerator and denominator of a figure of the city."""

    def found(story: Story, code: str, month: str = "2026-01") -> Pair:
        story.truth.close(month, story.world)
        return figures_of(story.truth, month).get((code, WHOLE_CITY), (0, 0))

    return found
