"""JSON ⇄ message, with errors that name the field. Names are those of the contracts."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.contracts import json_writer
from gateway.contracts.methods import descriptor_of
from kit.contracts.refusals import Malformed

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_INSIDE = re.compile(r"Failed to parse (\w+) field: ")
_AT = re.compile(r' at "?\w+\.([\w.]+)"?')
_UNKNOWN = re.compile(r'has no field named "([^"]*)"')
_TRUTH = {"true": True, "false": False}


def from_json(kind: type[Message], body: bytes, given: Mapping[str, str]) -> Message:
    """The request in a JSON body, completed by the fields of the path.

    Raises: Malformed, naming the field in dots.
    """
    try:
        document = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise Malformed("body", f"is JSON: {error}") from None
    if not isinstance(document, dict):
        raise Malformed("body", "is a JSON object")
    for name, value in given.items():
        if document.setdefault(name, value) != value:
            raise Malformed(name, "is the same in path and body")
    return parsed(kind, document)


def from_query(
    kind: type[Message], pairs: Iterable[tuple[str, str]], given: Mapping[str, str]
) -> Message:
    """The request in path and query; a repeated name fills a repeated field.

    Raises: Malformed, naming the field.
    """
    single: dict[str, object] = dict(given)
    repeated: defaultdict[str, list[object]] = defaultdict(list)
    pairs = list(pairs)
    if not pairs and given.keys() <= _texts(descriptor_of(kind)):
        return kind(**single)  # what most reads are: an id in the path
    fields = descriptor_of(kind).fields_by_name
    for name, text in pairs:
        field = fields.get(name)
        if field is None:
            raise Malformed(name, f"is one of {', '.join(fields) or 'no parameters'}")
        value = _value(field, text)
        if field.is_repeated:
            repeated[name].append(value)
        elif name in single:
            raise Malformed(name, "is given once")
        else:
            single[name] = value
    return parsed(kind, {**single, **repeated})


@cache
def _texts(kind: Descriptor) -> frozenset[str]:
    return frozenset(
        field.name
        for field in kind.fields
        if field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated
    )


def _value(field: FieldDescriptor, text: str) -> str | int:
    if field.type == FieldDescriptor.TYPE_BOOL:
        if text not in _TRUTH:
            raise Malformed(field.name, "is true or false")
        return _TRUTH[text]
    if (
        field.type == FieldDescriptor.TYPE_ENUM
        and text.isascii()
        and text.removeprefix("-").isdigit()
    ):
        return int(text)
    return text


def parsed(kind: type[Message], document: Mapping[str, object]) -> Message:
    """The message of a JSON object.

    Raises: Malformed.
    """
    try:
        return json_format.ParseDict(dict(document), kind())
    except json_format.ParseError as error:
        raise _malformed(descriptor_of(kind), str(error), document) from None
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Malformed("body", str(error)) from None


def _malformed(kind: Descriptor, text: str, document: Mapping[str, object]) -> Malformed:
    """Turns the library's sentence into field and rule."""
    path = _INSIDE.findall(text)
    if at := _AT.search(text):
        inner = at[1].rstrip(".").split(".")
        if len(inner) > len(path):
            path = inner
    if unknown := _UNKNOWN.search(text):
        # the library takes the letters of a text for names of fields
        if not isinstance(_inside(document, path), Mapping):
            return Malformed(".".join(path), "is a JSON object")
        where = _message_at(kind, path)
        return Malformed(
            ".".join([*path, unknown[1]]),
            f"is one of {', '.join(where.fields_by_name)}" if where else "is a known field",
        )
    rule = _AT.sub("", _INSIDE.sub("", text)).rstrip(".")
    return Malformed(".".join(path) or "body", rule)


def _inside(document: object, path: Iterable[str]) -> object:
    for name in path:
        document = document.get(name) if isinstance(document, Mapping) else document
    return document


def _message_at(kind: Descriptor | None, path: Iterable[str]) -> Descriptor | None:
    for name in path:
        field = kind.fields_by_name.get(name) if kind else None
        kind = field.message_type if field else None
    return kind


def to_json(message: Message) -> bytes:
    """The message as JSON: absent fields without presence are printed, so that a reader sees every
    field.
    """
    return _ENCODER.encode(document(message)).encode()


def document(message: Message) -> dict[str, object]:
    """The message as a JSON object."""
    return json_writer.document(message)
