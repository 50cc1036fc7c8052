"""The golden corpus: for every event type the bytes, the JSON and the headers of one example,
frozen when the type was new.

`python contracts-tests/corpus.py` freezes examples of types that have none, and the headers of
examples that lack them; it never changes what is frozen. `--release` also makes the
present contracts the baseline of compatibility (protos/released.binpb), and their OpenAPI document
that of the last release's clients (protos/released.openapi.json).
"""

import base64
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import contracts
from buf.validate import validate_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from gateway.contracts.openapi import openapi
from kit.messaging.outbox import Cause, envelope, route

FOLDER = Path(__file__).parent / "corpus"
RELEASED = Path(__file__).parent.parent / "protos" / "released.binpb"
DOCUMENT = RELEASED.with_name("released.openapi.json")
ID, SENT_AT = (
    UUID("019c79b2-9ac0-7000-8000-000000000001"),
    datetime(2026, 2, 20, 1, 2, 3, 4, tzinfo=UTC),
)
NUMBERS = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)


def example(kind: type[Message], seed: int = 1) -> Message:
    """A message with every field filled, that satisfies its constraints; the same each time."""
    message = kind()
    _fill(message, seed, 0)
    return message


def _fill(message: Message, seed: int, depth: int) -> None:
    for field in message.DESCRIPTOR.fields:
        if (
            field.message_type is not None
            and field.message_type.full_name == "google.protobuf.Timestamp"
        ):
            getattr(message, field.name).FromJsonString(
                f"2026-02-{seed + field.number:02d}T01:02:03.000004Z"
            )
        elif field.message_type is not None:
            _fill(
                getattr(message, field.name).add()
                if field.is_repeated
                else getattr(message, field.name),
                seed,
                depth + 1,
            )
        elif field.is_repeated:
            getattr(message, field.name).extend([_value(field, seed), _value(field, seed + 1)])
        else:
            setattr(message, field.name, _value(field, seed))


def _value(field: FieldDescriptor, seed: int) -> object:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    text = rules.repeated.items.string if field.is_repeated else rules.string
    if field.enum_type is not None:
        return field.enum_type.values[min(seed, len(field.enum_type.values) - 1)].number
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return True
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return seed + 0.5
    if field.cpp_type in NUMBERS:
        return seed + 1
    if text.uuid or field.name.endswith("_id"):
        return str(UUID(int=(0x019A_0000_0000_7000_8000 << 48) + field.number * 16 + seed))
    if "{12}" in text.pattern:
        return "341102001003"
    if "{18}" in text.pattern:
        return "91341100MA00002850"
    if (
        text.pattern.count("-") >= 5
        or field.name.endswith("_on")
        or field.name in ("valid_from", "valid_to", "policy_version")
    ):
        return f"2026-02-{seed + 10:02d}"
    if field.name == "month":
        return "2026-02"
    return f"example-{seed}"


def frozen() -> dict[str, dict[str, object]]:
    """What is frozen, by full name of the event."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def headers(message: Message) -> dict[str, str]:
    """The headers under which the outbox says this message, for one id, one instant and one cause;
    the same each time.
    """
    where = route(type(message))
    return envelope(
        where,
        where.key(message),
        7,
        message_id=ID,
        service=contracts.service_of(message.DESCRIPTOR),
        time=SENT_AT,
        recorded_at=SENT_AT,
        why=Cause(str(ID), str(ID), f"00-{'1' * 32}-{'2' * 16}-01"),
        here=f"00-{'1' * 32}-{'3' * 16}-01",
    )


def freeze() -> list[str]:
    """Freezes what is new; returns the names."""
    FOLDER.mkdir(exist_ok=True)
    new = []
    for name, kind in contracts.events().items():
        path = FOLDER / f"{name}.json"
        kept = json.loads(path.read_text()) if path.exists() else _frozen(name, example(kind))
        if not path.exists() or "headers" not in kept:
            kept["headers"] = headers(kind.FromString(base64.b64decode(kept["bytes"])))
            path.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
            new.append(name)
    return new


def _frozen(name: str, message: Message) -> dict[str, Any]:
    declared = contracts.event(type(message))
    return {
        "type": name,
        "topic": f"eldercare.{declared.topic}.v1",
        "key": declared.key,
        "bytes": base64.b64encode(message.SerializeToString(deterministic=True)).decode(),
        "json": json_format.MessageToDict(message, preserving_proto_field_name=True),
    }


def main() -> None:
    """The command."""
    for name in freeze():
        sys.stdout.write(f"frozen: {name}\n")
    if "--release" in sys.argv:
        released = type(contracts.bundle())()
        for file in contracts.bundle().file:
            if file.name.startswith("eldercare/"):
                kept = released.file.add()
                kept.CopyFrom(file)
                kept.ClearField("source_code_info")
        RELEASED.write_bytes(released.SerializeToString(deterministic=True))
        document = json.dumps(openapi(), ensure_ascii=False, separators=(",", ":"))
        DOCUMENT.write_text(f"{document}\n")
        sys.stdout.write(f"released: {RELEASED.name}, {DOCUMENT.name}\n")


if __name__ == "__main__":
    main()
