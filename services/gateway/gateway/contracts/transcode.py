"""JSON ⇄ message, with errors that name the field. Names are those of the contracts."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.contracts import json_reader, json_text, json_writer
from gateway.contracts.methods import descriptor_of
from kit.contracts import rules
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Malformed

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
SAME_IN_PATH = Phrase("is the same in path and body", "路径和正文中应相同", key="SAME_IN_PATH")
_TRUTH = {"true": True, "false": False}


def from_json(kind: type[Message], body: bytes, given: Mapping[str, str]) -> Message:
    """The request in a JSON body, completed by the fields of the path.

    Raises: Malformed, naming the field in dots.
    """
    document = json_text.document(body)
    for name, value in given.items():
        if document.setdefault(name, value) != value:
            raise Malformed(name, SAME_IN_PATH)
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
            rule = rules.ONE_OF.of(names=", ".join(fields)) if fields else rules.NOTHING
            raise Malformed(json_text.shown(name), rule)
        value = _value(field, text)
        if field.is_repeated:
            repeated[name].append(value)
        elif name in single:
            raise Malformed(name, rules.GIVEN_ONCE)
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


def _value(field: FieldDescriptor, text: str) -> str | bool:
    """A text as JSON would have it; a text that is no truth is left to be refused."""
    return _TRUTH.get(text, text) if field.type == FieldDescriptor.TYPE_BOOL else text


def parsed(kind: type[Message], document: Mapping[str, object]) -> Message:
    """The message of a JSON object.

    Raises: Malformed.
    """
    return json_reader.message(descriptor_of(kind), document)


def to_json(message: Message) -> bytes:
    """The message as JSON: absent fields without presence are printed, so that a reader sees every
    field.
    """
    return _ENCODER.encode(document(message)).encode()


def document(message: Message) -> dict[str, object]:
    """The message as a JSON object."""
    return json_writer.document(message)
