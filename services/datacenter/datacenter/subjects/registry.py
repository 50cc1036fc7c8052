"""All declarations, found in the files of this package: who adds a file adds a subject."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Never, TypeVar

from google.protobuf.message import Message

import datacenter.subjects
from datacenter.subjects.declaration import State, Subject
from datacenter.subjects.groups import EventFlows, Group
from datacenter.subjects.measures import Measure

T = TypeVar("T")


@cache
def subjects() -> tuple[Subject[State], ...]:
    """Every subject, by its number. Raises: ValueError where two have one number."""
    found = sorted(_declared(Subject), key=lambda subject: subject.kind)
    if len({subject.kind for subject in found}) < len(found):
        raise ValueError("two subjects have one number")
    return tuple(found)


@cache
def event_flows() -> tuple[EventFlows[Message], ...]:
    """Every group of flows that events add by themselves."""
    return tuple(_declared(EventFlows))


@cache
def measures() -> dict[str, Measure]:
    """Every measure that is declared, by its name. Raises: ValueError where two have one name."""
    found: dict[str, Measure] = {}
    for group in _groups():
        for measure in group.amounts:
            if found.setdefault(measure.name, measure) is not measure:
                raise ValueError(f"two measures are called {measure.name}")
    return found


@cache
def cells() -> dict[str, Measure]:
    """Every measure by every member of its dimensions, by its name, `DEPENDENT_FEMALE`.

    Raises: ValueError where a measure has that name, or another cell.
    """
    found: dict[str, Measure] = {}
    for group in _groups():
        for cell in group.cells:
            name = cell.measure.name
            if name in found or name in measures():
                raise ValueError(f"two measures are called {name}")
            found[name] = cell.measure
    return found


def named(name: str) -> Measure:
    """A measure or cell by its name. Raises: KeyError."""
    return measures()[name] if name in measures() else cells()[name]


def _groups() -> Iterator[Group[Never]]:
    for subject in subjects():
        yield from subject.groups()
    yield from event_flows()


def _declared(kind: type[T]) -> list[T]:
    """The declarations of a kind in the files of this package, in the order of the files."""
    found: dict[int, T] = {}
    for file in iter_modules(datacenter.subjects.__path__):
        if file.name == "__main__":
            continue
        for one in vars(import_module(f"{datacenter.subjects.__name__}.{file.name}")).values():
            if isinstance(one, kind):
                found[id(one)] = one
    return list(found.values())
