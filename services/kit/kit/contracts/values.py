"""What every value of a request keeps, whatever its contract says beside: texts that can be stored
and read, members of enumerations that this release knows, numbers that are finite.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from kit.contracts import rules, texts
from kit.contracts.phrases import Phrase

Check = Callable[[Any], Phrase | None]  # of one value: the rule that it breaks

_REALS = frozenset({FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT})


def broken(request: Message) -> Iterator[tuple[str, Phrase]]:
    """Field and rule of each value that may not be; an absent one breaks no rule.

    Zero, unspecified, is the same as absent where a field has no presence; where it was given, or
    stands in a list, it is refused.
    """
    for name, presence, check in _plan(request.DESCRIPTOR):
        if presence and not request.HasField(name):
            continue
        value = getattr(request, name)
        if check is None:
            yield from ((f"{name}.{inner}", rule) for inner, rule in broken(value))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for at, one in enumerate(value):
                if rule := check(one):
                    yield f"{name}[{at}]", rule
        elif rule := check(value):
            yield name, rule


@cache
def _plan(kind: Descriptor) -> tuple[tuple[str, bool, Check | None], ...]:
    """Of each field that can break a rule: its name, whether it has presence, how one value is
    checked; None for a message.
    """
    plan: list[tuple[str, bool, Check | None]] = []
    for field in kind.fields:
        if field.message_type is None:
            if check := _check(field):
                plan.append((field.name, field.has_presence, check))
        elif not field.is_repeated and not field.message_type.full_name.startswith("google."):
            plan.append((field.name, True, None))
    return tuple(plan)


def _check(field: FieldDescriptor) -> Check | None:
    if field.type == FieldDescriptor.TYPE_STRING:
        return lambda text: texts.fault(text) or texts.blank(text)
    if field.cpp_type in _REALS:
        return lambda number: None if math.isfinite(number) else rules.FINITE
    if field.enum_type is None:
        return None
    known = {value.number for value in field.enum_type.values if value.number}
    if not field.has_presence and not field.is_repeated:
        known.add(0)
    rule = rules.ONE_OF.of(names=", ".join(names(field)))
    return lambda number: None if number in known else rule


@cache
def names(field: FieldDescriptor) -> tuple[str, ...]:
    """The members of an enumeration that a request may name."""
    members = field.enum_type.values if field.enum_type else ()
    return tuple(value.name for value in members if value.number)
