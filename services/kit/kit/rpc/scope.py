"""Checks an answer against what its contract says of its rows; `kit.access.scoped` decides, this proves that it was asked."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message

from kit.access import Caller, within
from kit.rpc.methods import Method


def outside(method: Method, reply: Message, caller: Caller) -> list[Message]:
    """The rows of an answer that this caller may not see; a method that names no column of its rows answers for none.

    Rows are the messages, however deep, that have one of the fields `(eldercare.access)` names.
    """
    columns = {"area": method.area, "organisation": method.organisation, "person": method.person}
    used = {scope: path.rpartition(".")[2] for scope, path in columns.items() if path}
    if not used:
        return []
    return [row for row in _rows(reply, frozenset(used.values())) if not within(caller, **_values(row, used))]


def _rows(message: Message, fields: frozenset[str]) -> Iterator[Message]:
    if not fields.isdisjoint(message.DESCRIPTOR.fields_by_name):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for inner in value if field.is_repeated else (value,):
            yield from _rows(inner, fields)


def _values(row: Message, used: dict[str, str]) -> dict[str, Any]:
    """Empty text is no value: an absent organisation is nobody's."""
    known = row.DESCRIPTOR.fields_by_name
    return {scope: getattr(row, field) or None for scope, field in used.items() if field in known}
