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
`values`: it is a required parameter, which the deployment gives in a file with its own
source: the environment's STANDARDS names it. It may also replace what we know, by the paths that
`load` lists:

    subsidy:                         # package
      home-care.cap: {source: "滁民〔2026〕7号", values: {2026-01-01: 260, 2026-09-01: 300}}
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar, get_type_hints

from kit.contracts.standard import NoStandard, Standard, Unfounded
from kit.contracts.standard_yaml import as_given, keyed, parsed, standards_in

GIVEN = "STANDARDS"  # variable: the file of a deployment's own numbers
_KEY = "standard"
Numbers = TypeVar("Numbers")


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
        types = get_type_hints(kind, include_extras=True)
        values = {}
        for field in fields(kind):  # type: ignore[arg-type]
            path = f"{stem}.{field.metadata.get(_KEY, field.name)}"
            if field.default is MISSING or path in loaded():
                values[field.name] = loaded().standard(path).read(types[field.name], day)
        return kind(**values)

    return on


def load(package: str, parameters: Path | None = None) -> Standards:
    """Reads `standards/*.yaml` of a package and what the deployment gives on top.

    parameters: YAML, {package: {path: {source, values}}}; it may also replace a value we know. By
    default the file that the environment's STANDARDS names.
    Raises: Unfounded.
    """
    folder = resources.files(package) / "standards"
    found: dict[str, Standard] = {}
    for file in _files(folder):
        stem = file.name.removesuffix(".yaml")
        found |= {
            standard.path: standard
            for standard in standards_in(stem, parsed(file.read_text("utf-8"), file.name))
        }
    for path, value in _given_for(package, parameters).items():
        if path not in found:
            raise Unfounded(
                f"{path}: the deployment gives it, but no standards file of {package} asks for it"
            )
        found[path] = as_given(found[path], value)
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
        name = os.environ.get(GIVEN)
        if not name:
            return {}
        parameters = Path(name)
    given = parsed(parameters.read_text("utf-8"), parameters.name).get(package)
    return keyed(given or {}, f"{parameters.name}: {package}")
