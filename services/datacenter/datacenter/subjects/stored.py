"""How what is known of a thing is stored: its fields as a JSON array, in the order in which its
subject declares them; a field of which nothing is known is null, or left out at the end.

The digest of the rules covers the declarations, so an array of another layout is never read.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from datacenter.subjects.declaration import Field, State

_decode = json.JSONDecoder().raw_decode
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

# makes a field's value of what JSON holds of it
Maker = Callable[..., object]


class Layout:
    """The fields of one subject's state, in their order."""

    def __init__(self, fields: Iterable[Field]) -> None:
        makers = {field.name: _maker(field) for field in fields}
        self._fields, self._names = tuple(makers.items()), tuple(makers)

    def load(self, text: str) -> dict[str, object]:
        """The fields that are known, by their names."""
        values, _ = _decode(text)
        fields = {}
        for (name, make), value in zip(
            self._fields, values, strict=False
        ):  # its end may be left out
            if value is not None:
                fields[name] = value if make is None else make(value)
        return fields

    def dump(self, known: State) -> str:
        """A state as it is stored."""
        values = list(map(known.__dict__.get, self._names))
        while values and values[-1] is None:
            values.pop()
        return _encode(values)


def _maker(field: Field) -> Maker | None:
    """None where the field's values are plain."""
    if field.entry is None:
        return None
    make = partial(tuple.__new__, field.entry)  # `_make` without its price
    if field.is_parts:
        return partial(_parts, make)
    return partial(_many, make) if field.is_many else make


def _many(make: Maker, values: Iterable[object]) -> list[object]:
    return list(map(make, values))


def _parts(make: Maker, values: Mapping[str, Iterable[object]]) -> dict[str, list[object]]:
    return {part: list(map(make, entries)) for part, entries in values.items()}
