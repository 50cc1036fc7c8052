"""The YAML of standards: from a text to standards, each found to be complete."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import yaml

from kit.contracts.standard import Standard, Unfounded

CONFIDENCES = ("C2", "C1", "S", "D", "M-hi", "M-med", "M-lo", "A")
_REQUIRED = ("meaning", "unit", "source", "confidence")
_KEYS = frozenset({*_REQUIRED, "clause", "values", "note"})


def parsed(text: str, name: str) -> dict[str, object]:
    """The keys of a file. name: of the file. Raises: Unfounded."""
    try:
        keys: object = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise Unfounded(f"{name}: {error}") from error
    return keyed(keys or {}, name)


def keyed(value: object, where: str) -> dict[str, object]:
    """A mapping. Raises: Unfounded."""
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


def standards_in(path: str, node: object) -> Iterator[Standard]:
    """The standards below a path, at any depth. Raises: Unfounded."""
    if not isinstance(node, dict):
        raise Unfounded(
            f"{path}: {node!r} stands without meaning, unit, source, confidence and date"
        )
    if not _KEYS.isdisjoint(node):
        yield _standard(path, node)
        return
    for key, inner in node.items():
        yield from standards_in(f"{path}.{key}", inner)


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


def as_given(standard: Standard, given: object) -> Standard:
    """The standard with the source and the values of a deployment. Raises: Unfounded."""
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
