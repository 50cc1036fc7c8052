"""The numbers of the definitions and the catalogue of figures, out of the standards files; the
newest definition counts for all months.
"""

import json
from dataclasses import asdict, fields
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any

from datacenter.rules.indicators import Indicator
from datacenter.rules.measures import Limits, Measure
from kit.contracts import standards

_MADE_OF = (
    "form",
    "numerator",
    "denominator",
    "level",
    "factor",
)  # a target or a name may change and the figure is the same


@cache
def limits() -> Limits:
    """The limits in their newest version."""
    found = standards.load("datacenter")
    return Limits(
        **{
            field.name: found.standard(f"limits.{field.name}").values[-1][1]
            for field in fields(Limits)
        }
    )


@cache
def catalogue() -> dict[str, Indicator]:
    """The figures by code, in the order of the catalogue. Raises: KeyError where one names a
    measure that is not counted.
    """
    found = {}
    for standard in standards.load("datacenter"):
        file, _, code = standard.path.partition(".")
        if file != "indicators":
            continue
        since, said = standard.values[-1]
        found[code] = Indicator(
            code=code,
            name_zh=said["name_zh"],
            name_en=said["name_en"],
            unit=standard.unit,
            dimension=said["dimension"],
            formula_zh=said["formula_zh"],
            formula_en=said["formula_en"],
            source=f"{standard.source}, {standard.clause}",
            form=said["form"],
            numerator=Measure[said["numerator"]],
            denominator=Measure[said["denominator"]] if "denominator" in said else None,
            level=said.get("level"),
            factor=said.get("factor", 1),
            target=said.get("target"),
            target_sense=said.get("target_sense", ""),
            key=said.get("key", False),
            topics=tuple(said["topics"]),
            definition=version(since, said, limits()),
        )
    return found


def version(since: date, said: dict[str, Any], known: Limits) -> str:
    """Of a definition: its first day and a digest of what the figure is computed from, the numbers
    of the norms that it names among it.

    said: the entry of the catalogue. Raises: KeyError where it names a limit that is none.
    """
    numbers = asdict(known)
    made_of = {name: said.get(name) for name in _MADE_OF} | {
        name: numbers[name] for name in said.get("limits", ())
    }
    return f"{since.isoformat()}+{sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:8]}"
