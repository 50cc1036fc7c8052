"""Numbers of norms and policies: data with meaning, unit, source, confidence and date; picked by
the day they count for.

    # services/<package>/<package>/standards/ability.yaml
    cuts:
      meaning: least total of levels 0, 1, 2, 3
      unit: points
      source: GB/T 42195-2022
      clause: C.3
      confidence: C2
      values: {2022-12-30: [90, 66, 46, 30]}

A service declares the numbers it needs as a frozen dataclass, and reads them for a day. A field is
the key of its name, in its own type; `key` names another one, also one inside a group:

    # services/assessment/assessment/limits.py
    @dataclass(frozen=True)
    class Limits:
        cuts: tuple[int, ...]                                 # ability.cuts
        appeal: timedelta = field(metadata=key("appeal_day")) # ability.appeal_day, of unit day

    limits = standards.read("assessment", Limits, file="ability")

    # in a flow
    level = rules.level_of(total, limits(local_day(session.now)).cuts)

Nothing is read before the first call, and every day is built once. `load` is for what lists the
standards themselves: their meaning and source, or entries of a kind, each `Standard.read` in its
type.

Keys may be grouped. A number remembered with low confidence (M-lo) or lost in its source has no
`values`: it is a required parameter, which the deployment gives in a file of the same form with its
own source.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date, timedelta
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar, get_type_hints

import yaml

from kit.contracts.decoding import WrongType, decoded

CONFIDENCES = ("C2", "C1", "S", "D", "M-hi", "M-med", "M-lo", "A")
_REQUIRED = ("meaning", "unit", "source", "confidence")
_KEYS = frozenset({*_REQUIRED, "clause", "values", "note"})
_KEY = "standard"
_SPANS = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "day": timedelta(days=1),
}

Numbers = TypeVar("Numbers")
Value = TypeVar("Value")


class Unfounded(ValueError):
    """A standards file holds a number without what makes it one: meaning, unit, source, confidence,
    date.
    """


class NoStandard(LookupError):
    """Nothing is known under this path, or nothing that is in force on this day, or the deployment
    has not given it.
    """


@dataclass(frozen=True, slots=True)
class Standard:
    """One number, table or text of a norm. values: (first day in force, value), oldest first."""

    path: str
    meaning: str
    unit: str
    source: str
    confidence: str
    clause: str = ""
    note: str = ""
    values: tuple[tuple[date, object], ...] = ()

    @property
    def required(self) -> bool:
        """True where a deployment has to give the value and has not."""
        return not self.values

    def read(self, kind: type[Value], day: date) -> Value:
        """The value in force on a policy day, in this type (kit.contracts.decoding); a span of time
        in the standard's unit.

        Raises: NoStandard; Unfounded where the value is of another type, or a span of time has a
        unit that is none.
        """
        value = self.on(day)
        try:
            if kind is timedelta:
                value = self._unit_of_time() * decoded(float, value, self.path)
            return decoded(kind, value, self.path)
        except WrongType as error:
            raise Unfounded(str(error)) from error

    def on(self, day: date) -> object:
        """The value in force on a policy day, as YAML has it. Raises: NoStandard."""
        for first, value in reversed(self.values):
            if first <= day:
                return value
        if self.required:
            raise NoStandard(
                f"{self.path}: {self.meaning} ({self.unit}) must be given by the "
                f"deployment; {self.source} does not state it"
            )
        raise NoStandard(
            f"{self.path}: nothing is in force on {day}; the first value is of {self.values[0][0]}"
        )

    def _unit_of_time(self) -> timedelta:
        if self.unit not in _SPANS:
            raise Unfounded(f"{self.path}: {self.unit} is no unit of time")
        return _SPANS[self.unit]


class Standards:
    """The standards of one package."""

    def __init__(self, package: str, standards: Mapping[str, Standard]) -> None:
        self.package = package
        self._standards = dict(standards)

    def standard(self, path: str) -> Standard:
        """The number of "file.key" with its meaning, unit and source. Raises: NoStandard."""
        try:
            return self._standards[path]
        except KeyError:
            raise NoStandard(f"{path} is in no standards file of {self.package}") from None

    def missing(self) -> list[str]:
        """Paths the deployment still has to give."""
        return sorted(path for path, standard in self._standards.items() if standard.required)

    def __contains__(self, path: str) -> bool:
        return path in self._standards

    def __iter__(self) -> Iterator[Standard]:
        return iter(self._standards.values())


def key(name: str) -> Mapping[str, str]:
    """Metadata of a field of `Numbers` that bears another name than its standard."""
    return {_KEY: name}


def read(
    package: str, kind: type[Numbers], *, file: str | None = None, parameters: Path | None = None
) -> Callable[[date], Numbers]:
    """What reads the numbers of a package in force on a policy day into this frozen dataclass.

    file: where they stand, by default the file that bears the package's name. A field with a
    default may have no standard.
    The reader raises: NoStandard; Unfounded where a value is not of its field's type, or a span of
    time has a unit that is none.
    """
    stem = file or package

    @cache
    def loaded() -> Standards:
        return load(package, parameters)

    @cache
    def on(day: date) -> Numbers:
        types = get_type_hints(kind)
        values = {}
        for field in fields(kind):  # type: ignore[arg-type]
            path = f"{stem}.{field.metadata.get(_KEY, field.name)}"
            if field.default is MISSING or path in loaded():
                values[field.name] = loaded().standard(path).read(types[field.name], day)
        return kind(**values)

    return on


def load(package: str, parameters: Path | None = None) -> Standards:
    """Reads `standards/*.yaml` of a package and what the deployment gives on top.

    parameters: YAML, {package: {path: {source, values}}}; it may also replace a value we know.
    Raises: Unfounded.
    """
    folder = resources.files(package) / "standards"
    found: dict[str, Standard] = {}
    for file in _files(folder):
        stem = file.name.removesuffix(".yaml")
        found |= {
            standard.path: standard
            for standard in _read(stem, _parsed(file.read_text("utf-8"), file.name))
        }
    for path, value in _given_for(package, parameters).items():
        if path not in found:
            raise Unfounded(
                f"{path}: the deployment gives it, but no standards file of {package} asks for it"
            )
        found[path] = _given(found[path], value)
    return Standards(package, found)


def _files(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    return sorted(
        (file for file in folder.iterdir() if file.name.endswith(".yaml")),
        key=lambda file: file.name,
    )


def _given_for(package: str, parameters: Path | None) -> dict[str, object]:
    if parameters is None:
        return {}
    given = _parsed(parameters.read_text("utf-8"), parameters.name).get(package)
    return _keyed(given or {}, f"{parameters.name}: {package}")


def _parsed(text: str, name: str) -> dict[str, object]:
    try:
        parsed: object = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise Unfounded(f"{name}: {error}") from error
    return _keyed(parsed or {}, name)


def _keyed(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Unfounded(f"{where}: {value!r} has no keys")
    return value


class _Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice: the first would be lost in silence."""


def _once(loader: _Loader, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
    seen: set[object] = set()
    for key, _ in node.value:
        name = loader.construct_object(key, deep=True)
        if name in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"{name!r} stands twice", key.start_mark
            )
        seen.add(name)
    found: dict[object, object] = loader.construct_mapping(node, deep=True)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _once)


def _read(path: str, node: object) -> Iterator[Standard]:
    if not isinstance(node, dict):
        raise Unfounded(
            f"{path}: {node!r} stands without meaning, unit, source, confidence and date"
        )
    if not _KEYS.isdisjoint(node):
        yield _standard(path, node)
        return
    for key, inner in node.items():
        yield from _read(f"{path}.{key}", inner)


def _standard(path: str, node: dict[object, object]) -> Standard:
    if missing := [key for key in _REQUIRED if not str(node.get(key) or "").strip()]:
        raise Unfounded(f"{path}: lacks {', '.join(missing)}")
    if unknown := sorted(str(key) for key in node.keys() - _KEYS):
        raise Unfounded(f"{path}: {', '.join(unknown)} is none of {', '.join(sorted(_KEYS))}")
    confidence = str(node["confidence"])
    if confidence not in CONFIDENCES:
        raise Unfounded(f"{path}: confidence {confidence!r} is none of {', '.join(CONFIDENCES)}")
    if confidence == "M-lo" and "values" in node:
        raise Unfounded(
            f"{path}: a number of confidence M-lo may not become a constant; without "
            "values, the deployment gives it"
        )
    texts = {
        key: str(node[key]) for key in (*_REQUIRED, "clause", "note") if node.get(key) is not None
    }
    return Standard(
        path=path, values=_dated(path, node["values"]) if "values" in node else (), **texts
    )


def _dated(path: str, values: object) -> tuple[tuple[date, object], ...]:
    if not isinstance(values, dict) or not values:
        raise Unfounded(f"{path}: values must be {{first day in force: value}}")
    if wrong := [day for day in values if type(day) is not date]:
        raise Unfounded(f"{path}: {wrong[0]!r} is no day of the form 2022-12-30")
    if empty := [str(day) for day, value in values.items() if value is None]:
        raise Unfounded(f"{path}: no value stands at {empty[0]}; missing is not zero")
    return tuple(sorted(values.items()))


def _given(standard: Standard, given: object) -> Standard:
    if (
        not isinstance(given, dict)
        or not given.get("source")
        or given.keys() - {"source", "values", "note"}
    ):
        raise Unfounded(
            f"{standard.path}: the deployment must say source and values, and may add a note"
        )
    note = str(given.get("note") or standard.note)
    return replace(
        standard,
        source=str(given["source"]),
        values=_dated(standard.path, given.get("values")),
        note=note,
    )
