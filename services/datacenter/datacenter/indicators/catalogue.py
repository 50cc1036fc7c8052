"""The numbers of the definitions and the catalogue of figures, out of the standards files; the
newest definition counts for all months.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Required

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from datacenter.indicators.rules import Indicator, Places
from datacenter.limits import Closing, Disclosure, Limits
from datacenter.subjects.measures import Measure
from datacenter.subjects.registry import named
from kit.contracts import standards
from kit.contracts.decoding import NOTHING_ELSE
from kit.contracts.standard import Standard
from kit.contracts.standards import Standards

_MADE_OF = (
    "form",
    "numerator",
    "denominator",
    "level",
    "factor",
)  # a target or a name may change and the figure is the same


WHOLE = 100.0  # %: a part is no more than the whole, so a larger share is doubted


class Definition(TypedDict, total=False):
    """What a version is computed from, of an entry of the catalogue. limits: names of them."""

    __pydantic_config__ = NOTHING_ELSE  # type: ignore[misc]

    form: str
    numerator: str
    denominator: str
    level: int
    area_types: list[str]
    factor: int
    limits: list[str]
    evidence: dict[str, list[str]]


closing = standards.read("datacenter", Closing, file="closing")
disclosure = standards.read("datacenter", Disclosure, file="disclosure")
_limits = standards.read("datacenter", Limits, file="limits")


def limits() -> Limits:
    """The limits in their newest version."""
    return _limits(date.max)


class Entry(Definition, total=False):
    """A figure as `standards/indicators.yaml` has it; style and meaning: Indicator."""

    name_zh: Required[str]
    name_en: Required[str]
    dimension: Required[str]
    formula_zh: Required[str]
    formula_en: Required[str]
    source_zh: Required[str]
    topics: Required[list[str]]
    target: float
    target_sense: str
    authority_zh: str
    authority_en: str
    open_days: int
    plausible_to: float
    unassessed: str
    key: bool


@cache
def catalogue() -> dict[str, Indicator]:
    """The figures by code, in the order of the catalogue. Raises: KeyError where one names a
    measure that is not declared.
    """
    found = {}
    for code, standard in _entries():
        since, entry = _newest(standard)
        found[code] = Indicator(
            code=code,
            name_zh=entry["name_zh"],
            name_en=entry["name_en"],
            unit=standard.unit,
            dimension=entry["dimension"],
            formula_zh=entry["formula_zh"],
            formula_en=entry["formula_en"],
            source=f"{standard.source}, {standard.clause}",
            source_zh=entry["source_zh"],
            form=entry["form"],
            numerator=named(entry["numerator"]),
            denominator=named(entry["denominator"]) if "denominator" in entry else None,
            numerator_evidence=_evidence(entry, "numerator"),
            denominator_evidence=_evidence(entry, "denominator"),
            places=_places(entry),
            factor=entry.get("factor", 1),
            target=entry.get("target"),
            target_sense=entry.get("target_sense", ""),
            authority_zh=entry.get("authority_zh", ""),
            authority_en=entry.get("authority_en", ""),
            open_days=entry.get("open_days"),
            plausible_to=entry.get("plausible_to", WHOLE if standard.unit == "%" else None),
            unassessed=named(entry["unassessed"]) if "unassessed" in entry else None,
            key=entry.get("key", False),
            topics=tuple(entry["topics"]),
            definition=version(since, entry, limits()),
        )
    return found


def _places(entry: Definition) -> Places | None:
    return (
        Places(entry["level"], frozenset(entry.get("area_types", ()))) if "level" in entry else None
    )


def _evidence(entry: Definition, part: str) -> tuple[Measure, ...]:
    """The measure itself, and others that tell how it came about."""
    reported = dict[str, object](entry)
    more = entry.get("evidence", {}).get(part, [])
    return tuple(named(str(name)) for name in (reported.get(part), *more) if name)


def named_measures() -> frozenset[str]:
    """The names of the measures that figures are made of."""
    found = set()
    for _, standard in _entries():
        _, entry = _newest(standard)
        found.add(entry["numerator"])
        if "denominator" in entry:
            found.add(entry["denominator"])
    return frozenset(found)


@cache
def _standards() -> Standards:
    return standards.load("datacenter")


def _entries() -> Iterator[tuple[str, Standard]]:
    for standard in _standards():
        file, _, code = standard.path.partition(".")
        if file == "indicators":
            yield code, standard


def _newest(standard: Standard) -> tuple[date, Entry]:
    since, _ = standard.values[-1]
    return since, standard.read(Entry, since)


def version(since: date, entry: Definition, known: Limits) -> str:
    """Of a definition: its first day and a digest of what the figure is computed from, the numbers
    of the norms that it names among it.

    entry: the entry of the catalogue. Raises: KeyError where it names a limit that is none.
    """
    numbers = asdict(known)
    stated = dict[str, object](entry)
    made_of = {name: stated.get(name) for name in _MADE_OF} | {
        name: numbers[name] for name in entry.get("limits", ())
    }
    if "area_types" in stated:  # a definition without it keeps its version
        made_of["area_types"] = stated["area_types"]
    digest = sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
    return f"{since.isoformat()}+{digest[:8]}"
