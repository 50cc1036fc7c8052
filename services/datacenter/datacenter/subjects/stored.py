"""How what is known of a thing is stored: by the day on which it was reports, the fields as a JSON
array in the order in which its subject declares them; those at the end of which nothing is known
are left out.

The digest of the rules covers the declarations, so an array of another layout is never read.
"""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from msgspec import json, structs

from datacenter.subjects.declaration import State

S = TypeVar("S", bound=State)

_encode = json.Encoder(enc_hook=dict).encode  # of what is no JSON there is only NOTHING


class Layout(Generic[S]):
    """The fields of one subject's state, in their order. unknown: what each is by default."""

    def __init__(self, state: type[S], unknown: Sequence[object]) -> None:
        self.load = json.Decoder(list[tuple[int, state]]).decode  # type: ignore[valid-type]
        self._unknown = unknown

    def dump(self, reports: Iterable[tuple[int, S]]) -> str:
        """What was told by day, as it is stored."""
        return _encode([(day, self._fields(state)) for day, state in reports]).decode()

    def _fields(self, known: S) -> tuple[object, ...]:
        values, end = structs.astuple(known), len(self._unknown)
        while end and values[end - 1] is self._unknown[end - 1]:
            end -= 1
        return values[:end]
