"""How what is known of a thing is stored: its fields as a JSON array, in the order in which its
subject declares them; those at the end of which nothing is known are left out.

The digest of the rules covers the declarations, so an array of another layout is never read.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import json, structs

from datacenter.subjects.declaration import State

S = TypeVar("S", bound=State)

_encode = json.Encoder(enc_hook=dict).encode  # of what is no JSON there is only NOTHING


class Layout(Generic[S]):
    """The fields of one subject's state, in their order. unknown: what each is by default."""

    def __init__(self, state: type[S], unknown: Sequence[object]) -> None:
        self.load = json.Decoder(state).decode
        self._unknown = unknown

    def dump(self, known: S) -> str:
        """A state as it is stored."""
        values, end = structs.astuple(known), len(self._unknown)
        while end and values[end - 1] is self._unknown[end - 1]:
            end -= 1
        return _encode(values[:end]).decode()
