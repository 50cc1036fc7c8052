"""The numbers of the definitions and the catalogue of figures, out of the standards files; the newest definition counts for all months."""

from dataclasses import fields
from functools import cache

from datacenter.rules.indicators import Indicator
from datacenter.rules.measures import Limits, Measure
from kit import standards


@cache
def limits() -> Limits:
    """The limits in their newest version."""
    found = standards.load("datacenter")
    return Limits(**{field.name: found.standard(f"limits.{field.name}").values[-1][1] for field in fields(Limits)})


@cache
def catalogue() -> dict[str, Indicator]:
    """The figures by code, in the order of the catalogue. Raises: KeyError where one names a measure that is not counted."""
    found = {}
    for standard in standards.load("datacenter"):
        file, _, code = standard.path.partition(".")
        if file != "indicators":
            continue
        since, said = standard.values[-1]
        found[code] = Indicator(
            code=code, name_zh=said["name_zh"], name_en=said["name_en"], unit=standard.unit, dimension=said["dimension"],
            formula_zh=said["formula_zh"], formula_en=said["formula_en"], source=f"{standard.source}, {standard.clause}",
            form=said["form"], numerator=Measure[said["numerator"]],
            denominator=Measure[said["denominator"]] if "denominator" in said else None, level=said.get("level"),
            factor=said.get("factor", 1), target=said.get("target"), target_sense=said.get("target_sense", ""),
            key=said.get("key", False), topics=tuple(said["topics"]), definition=since.isoformat(),
        )
    return found
