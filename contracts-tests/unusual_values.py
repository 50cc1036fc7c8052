"""Values that a caller may send by mistake or on purpose, by the type of the field; some are never
right, others may be.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor

DIGITS = "9" * 5000
# a NUL, controls, half a pair, what nobody sees, what turns text around, private use, damage
BAD_TEXTS = (
    "ab\u0000cd",
    "\u0000",
    "a\tb",
    "a\nb",
    "a\u0007b",
    "a\u0085b",
    "a\ud800b",
    "a\u200bb",
    "a\u202eb",
    "a\u2066b",
    "\ufeffab",
    "a\u00adb",
    "a\ue000b",
    "a\U000f0000b",
    "a\u2028b",
    "a\ufffdb",
    "a\ufffeb",
    "a\u3164b",
    "a\u2800b",
    "\u3000 \u00a0",
)


# numbers as they stand in JSON, marked: no value of Python is written like them
_RAW = "as it stands: "
HUGE = tuple(f"{_RAW}{text}" for text in ("1e400", "-1e400", "NaN", "Infinity", "1" * 400, DIGITS))
FRACTIONS = tuple(f"{_RAW}{text}" for text in ("1.5", "-0.5", "1e-1", "0.1e0", "100000000000000.5"))
# each is a whole number, though not as one writes it
WHOLE = tuple(f"{_RAW}{text}" for text in ("1.0", "1e0", "10E-1", "-0", "-0.0", "0e9"))


def body(document: dict[str, Any]) -> bytes:
    """A JSON object with its raw numbers."""
    return re.sub(f'"{_RAW}([^"]*)"', r"\1", json.dumps(document)).encode()


def parameter(value: Any, field: FieldDescriptor) -> bytes | None:
    """A value as a query may have it; None where it would be another one there."""
    [value, *_] = value if isinstance(value, list) and value else [value]
    is_text = field.type == FieldDescriptor.TYPE_STRING
    is_number = isinstance(value, str) and value.startswith(_RAW)
    if not isinstance(value, str) or value == "true" or (is_text and (is_number or not value)):
        return None
    return quote(value.removeprefix(_RAW).encode("utf-8", "surrogatepass")).encode()


def unusual(field: FieldDescriptor) -> Iterator[tuple[Any, bool]]:
    """Values for one field of a JSON body, and whether each must be refused."""
    rules = field.GetOptions().Extensions[validate_pb2.field]
    one = list(_of_type(field, rules.repeated.items if field.is_repeated else rules))
    if field.is_repeated:
        yield from (([value], wrong) for value, wrong in one if value is not None)
        yield from ((value, True) for value in ("text", {}, [None], [[]], HUGE[2]))
    else:
        yield from one
        yield from (([], True), ([1], True))


def _of_type(field: FieldDescriptor, rules: Any) -> Iterator[tuple[Any, bool]]:
    yield from ((number, True) for number in HUGE)
    if field.message_type is not None and field.message_type.name == "Timestamp":
        yield from ((value, True) for value in _BAD_INSTANTS)
        yield "9999-12-31T23:59:59Z", True
    elif field.message_type is not None:
        yield from ((value, True) for value in ("text", 5, True, {"\u0000": 1}, {"nobody": 1}))
    elif field.enum_type is not None:
        names = [value.name for value in field.enum_type.values]
        yield from (
            (value, True)
            for value in (names[0], names[1].lower(), "", "0", "1", 1, 0, 77, "\u0000", True, {})
        )
    elif field.type == FieldDescriptor.TYPE_STRING:
        yield from ((value, True) for value in (*BAD_TEXTS, 5, True, {}))
        if rules.string.max_len or rules.string.pattern or rules.string.uuid:
            yield "x" * 5000, True
        is_day = rules.string.pattern.count("-") >= 5
        for day in ("0000-01-01", "10000-01-01", "2026-02-30", "9999-12-31"):
            yield day, is_day and not day.startswith(("9999", "2026"))
    elif field.type == FieldDescriptor.TYPE_BOOL:
        yield from ((value, True) for value in ("yes", "", 1, 0, "true", {}))
    else:
        yield from ((value, True) for value in ("many", "", "٣", "1_0", " 1", True, {}, DIGITS))
        is_double = field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE
        yield from ((value, not is_double) for value in FRACTIONS)
        yield from ((value, False) for value in WHOLE)
        yield from ((value, False) for value in ("007", "-007", "1e2"))
        yield from ((value, True) for value in ("+5", "0x1F", "5 ", "1,000", "１２"))
        yield 1 << 62, field.cpp_type != FieldDescriptor.CPPTYPE_INT64
        yield from ((value, not is_double) for value in (1 << 63, 1 << 64, -(1 << 63) - 1))
        yield -1, False


_BAD_INSTANTS = (
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-02-11T25:00:00Z",
    "2026-02-11T02:00:00",
    "2026-02-11",
    "2026-02-11T02:00:00.1e5Z",
    "2026-02-11T02:00:00+99:99",
    "\u0000",
    "",
    5,
    {},
)
