"""What an event and its fields mean is written where they are declared; a name that means one thing
everywhere, in the vocabulary.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import contracts
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

VOCABULARY = Path(__file__).parent.parent / "protos" / "README.md"


def names() -> re.Pattern[str]:
    """Matches a name of the vocabulary; `…_at` stands for every name that ends so."""
    rows = [
        line.split("|")[1] for line in VOCABULARY.read_text().splitlines() if line.startswith("| `")
    ]
    found = [name for row in rows for name in re.findall("`([^`]+)`", row)]
    return re.compile(
        "|".join(
            ".+" + re.escape(name[1:]) if name.startswith("…") else re.escape(name)
            for name in found
        )
    )


def parts(file: FileDescriptorProto) -> Iterator[tuple[str, str, str]]:
    """Full name, own name (empty for a message) and comment of every message and field of a
    file.
    """
    comments = {
        tuple(place.path): (place.leading_comments + place.trailing_comments).strip()
        for place in file.source_code_info.location
    }

    def of(
        message: DescriptorProto, path: tuple[int, ...], name: str
    ) -> Iterator[tuple[str, str, str]]:
        yield name, "", comments.get(path, "")
        for place, field in enumerate(message.field):
            yield f"{name}.{field.name}", field.name, comments.get((*path, 2, place), "")
        for place, inner in enumerate(message.nested_type):
            yield from of(inner, (*path, 3, place), f"{name}.{inner.name}")

    for place, message in enumerate(file.message_type):
        yield from of(message, (4, place), f"{file.package}.{message.name}")


def test_every_event_and_every_field_of_one_is_explained() -> None:
    known = names()
    bare = [
        name
        for file in contracts.bundle().file
        if re.fullmatch("eldercare/[a-z]+/v1/events.proto", file.name)
        for name, own, comment in parts(file)
        if not comment and not (own and known.fullmatch(own))
    ]

    assert bare == []
