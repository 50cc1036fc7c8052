"""The numbers of the definitions and the catalogue of figures, out of the standards files; the
newest definition counts for all months.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any

from datacenter.indicators.rules import Indicator
from datacenter.limits import Limits
from datacenter.subjects.registry import named
from kit.contracts import standards
from kit.contracts.standards import Standard, Standards

_MADE_OF = (
    "form",
    "numerator",
    "denominator",
    "level",
    "factor",
)  # a target or a name may change and the figure is the same

_limits = standards.read("datacenter", Limits, file="limits")


def limits() -> Limits:
    """The limits in their newest version."""
    return _limits(date.max)


@cache
def catalogue() -> dict[str, Indicator]:
    """The figures by code, in the order of the catalogue. Raises: KeyError where one names a
    measure that is not declared.
    """
    found = {}
    for code, standard in _entries():
        since, entry = standard.values[-1]
        found[code] = Indicator(
            code=code,
            name_zh=entry["name_zh"],
            name_en=entry["name_en"],
            unit=standard.unit,
            dimension=entry["dimension"],
            formula_zh=entry["formula_zh"],
            formula_en=entry["formula_en"],
            source=f"{standard.source}, {standard.clause}",
            form=entry["form"],
            numerator=named(entry["numerator"]),
            denominator=named(entry["denominator"]) if "denominator" in entry else None,
            level=entry.get("level"),
            factor=entry.get("factor", 1),
            target=entry.get("target"),
            target_sense=entry.get("target_sense", ""),
            key=entry.get("key", False),
            topics=tuple(entry["topics"]),
            definition=version(since, entry, limits()),
        )
    return found


def named_measures() -> frozenset[str]:
    """The names of the measures that figures are made of."""
    return frozenset(
        standard.values[-1][1][part]
        for _, standard in _entries()
        for part in ("numerator", "denominator")
        if part in standard.values[-1][1]
    )


@cache
def _standards() -> Standards:
    return standards.load("datacenter")


def _entries() -> Iterator[tuple[str, Standard]]:
    for standard in _standards():
        file, _, code = standard.path.partition(".")
        if file == "indicators":
            yield code, standard


def version(since: date, entry: dict[str, Any], known: Limits) -> str:
    """Of a definition: its first day and a digest of what the figure is computed from, the numbers
    of the norms that it names among it.

    entry: the entry of the catalogue. Raises: KeyError where it names a limit that is none.
    """
    numbers = asdict(known)
    made_of = {name: entry.get(name) for name in _MADE_OF} | {
        name: numbers[name] for name in entry.get("limits", ())
    }
    return f"{since.isoformat()}+{sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:8]}"
