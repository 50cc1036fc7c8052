"""The version of a definition changes with every number of a norm that the figure depends on, and
with its formula.
"""

from dataclasses import asdict, fields, replace
from datetime import date
from functools import cache

import pytest

from datacenter.indicators.catalogue import Definition, catalogue, limits, version
from datacenter.limits import Limits
from datacenter.proofs.flows import definitions
from datacenter.proofs.recount.figures import Figures, figures_of
from datacenter.proofs.recount.month import Recount
from datacenter.testing.history import History
from kit.contracts import standards

LIMITS = [field.name for field in fields(Limits)]
DAY = date(2026, 11, 26)
ENTRY: Definition = {
    "form": "share",
    "numerator": "ALIVE_65",
    "denominator": "ALIVE",
    "factor": 100,
    "limits": ["old_years"],
}


def entries() -> dict[str, Definition]:
    known = standards.load("datacenter")
    return {
        one.path.removeprefix("indicators."): one.values[-1][1]
        for one in known
        if one.path.startswith("indicators.")
    }


def changed(name: str) -> Limits:
    """The limits with another number for one of them."""
    before = asdict(limits())[name]
    return replace(limits(), **{name: before - 1 if isinstance(before, int) else "another"})


@cache
def recounted(known: Limits) -> Figures:
    recount = Recount("2025-03", known)
    for one in History(5).grow(200).ordered():
        recount.take(one.event, one.time, one.sequence)
    return figures_of(definitions(), recount.measures())


@pytest.mark.parametrize("name", LIMITS)
def test_a_figure_names_the_limits_that_it_depends_on(name: str) -> None:
    before, after = recounted(limits()), recounted(changed(name))

    moved = {
        code
        for code, area in before.keys() | after.keys()
        if before.get((code, area)) != after.get((code, area))
    }
    assert moved
    assert moved == {code for code, entry in entries().items() if name in entry.get("limits", ())}


@pytest.mark.parametrize("name", LIMITS)
def test_another_number_is_another_version_of_the_figures_that_use_it_alone(name: str) -> None:
    for code, entry in entries().items():
        known, other = (version(DAY, entry, one) for one in (limits(), changed(name)))
        assert (known != other) == (name in entry.get("limits", ())), code


@pytest.mark.parametrize(
    "another",
    [{"numerator": "ALIVE_80"}, {"denominator": "ASSESSED"}, {"factor": 1000}, {"level": 5}],
)
def test_another_formula_is_another_version(another: Definition) -> None:
    assert version(DAY, ENTRY | another, limits()) != version(DAY, ENTRY, limits())


def test_another_name_or_target_is_the_same_version() -> None:
    assert version(DAY, ENTRY | {"target": 95, "name_en": "another"}, limits()) == version(
        DAY, ENTRY, limits()
    )


def test_a_version_begins_with_the_day_of_its_entry() -> None:
    assert catalogue()["AS04"].definition.startswith("2026-11-30+")
    assert len({one.definition for one in catalogue().values()}) > 1
