"""How what an event tells is merged into what is known. Each merge commutes and is idempotent, so
neither the order of topics nor a repetition leaves a trace. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from datacenter.subjects import timelines

# what is known by the names of its fields, as the state's declaration types them
Known = dict[str, Any]
Merge = Callable[[Known, str, Any], None]


def first(known: Known, name: str, value: Any) -> None:
    """Something that happens once; should it be reported twice and differ, the lesser stays."""
    if value is not None and (name not in known or value < known[name]):
        known[name] = value


def least(known: Known, name: str, value: Any) -> None:
    """A number of which the least counts."""
    first(known, name, value)


def ever(known: Known, name: str, value: bool) -> None:
    """True for good once it was."""
    if value:
        known[name] = True


def each(known: Known, name: str, values: Sequence[Any]) -> None:
    """All that there were, each once, in order."""
    entries = known.setdefault(name, [])
    for value in values:
        if value not in entries:
            entries.append(value)
            entries.sort()


def newest(known: Known, name: str, values: Sequence[Any]) -> None:
    """The newest state by the end of each month."""
    entries = known.setdefault(name, [])
    for value in values:
        timelines.put(entries, value)


def newest_of_each(known: Known, name: str, values: Mapping[str, Sequence[Any]]) -> None:
    """The same for each of several parts of the thing, by their ids."""
    parts = known.setdefault(name, {})
    for part_id, entries in values.items():
        newest(parts, part_id, entries)
