"""Collects what every part of the platform may refuse, and why, in both languages:
`python -m city.operations.problems FILE`.

The gateway serves it as the pages that the types of problems lead to.
"""

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from city.names import NAMES
from gateway.http.catalogue import Entry, Texts
from gateway.http.problems import Kind
from kit.contracts.phrases import LANGUAGES, Phrase
from kit.contracts.refusals import EldercareError, consequence

KIT = "kit"
_WITHOUT = ("__main__", "migrations", "testing")


def modules() -> Iterator[ModuleType]:
    """Every module of the services and the kit that can be imported without starting one."""
    for name in (KIT, *NAMES):
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not set(_WITHOUT) & set(found.name.split(".")):
                yield importlib.import_module(found.name)


def refusals() -> list[type[EldercareError]]:
    """Every class of errors that one of them declares."""
    names = {module.__name__ for module in modules()}
    found: list[type[EldercareError]] = []
    waiting: list[type[EldercareError]] = [EldercareError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__ in names and kind not in found:
            found.append(kind)
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


def rules() -> dict[str, Phrase]:
    """Every rule that one of them declares, by its key, with its facts still in braces."""
    found: dict[str, Phrase] = {}
    for module in modules():
        for value in vars(module).values():
            for phrase in value.values() if isinstance(value, dict) else (value,):
                if isinstance(phrase, Phrase) and phrase.key:
                    found[phrase.key] = min(
                        phrase, found.get(phrase.key, phrase), key=lambda one: "{" not in one
                    )
    return found


def catalogue() -> dict[str, Entry]:
    """By reason: status, who answers it, its fields, its texts and, of MALFORMED, its rules."""
    made: dict[str, Entry] = {}
    for kind in refusals():
        entry = _entry(made, kind._reason, consequence(kind).http)
        _add(entry, kind.__module__, kind.text, kind.field)
    for module in modules():
        for kind_ in vars(module).values():
            if isinstance(kind_, Kind):
                _add(_entry(made, kind_.reason, kind_.status), module.__name__, kind_.text)
    made["MALFORMED"]["rules"] = {key: _texts_of(rule) for key, rule in sorted(rules().items())}
    return made


def _entry(made: dict[str, Entry], reason: str, status: int) -> Entry:
    empty = Entry(status=status, service=[], fields=[], texts=[], rules={})
    return made.setdefault(reason, empty)


def _add(entry: Entry, module: str, text: Phrase, field: str | None = None) -> None:
    service = module.partition(".")[0]
    for members, new in (
        (entry["service"], "" if service == KIT else service),
        (entry["fields"], field),
    ):
        if new and new not in members:
            members.append(new)
    if _texts_of(text) not in entry["texts"]:
        entry["texts"].append(_texts_of(text))


def _texts_of(phrase: Phrase) -> Texts:
    return {language: phrase.in_(language) for language in LANGUAGES}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(catalogue(), ensure_ascii=False, indent=1) + "\n")
