"""Which events tell of elders, and who may read these: whoever may see elders in the register. The
others see that there is one, where and when, and that it counts.
"""

from collections.abc import Iterator

from google.protobuf.message import Message

from datacenter.figures.rules import SEE_ELDERS
from kit.security.access import Caller


def may_read(caller: Caller) -> bool:
    """Whether somebody may read what events tell of elders."""
    return bool(caller.roles & SEE_ELDERS)


def elder_ids(event: Message) -> Iterator[str]:
    """The ids of the elders of whom an event tells."""
    for field, value in event.ListFields():
        if field.name == "elder_id":
            yield value
        elif field.message_type is not None:
            for inner in value if field.is_repeated else (value,):
                yield from elder_ids(inner)
