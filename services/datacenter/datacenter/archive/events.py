"""The types of events that this release knows, and what the archive tells of each besides
itself.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import cast

from eldercare import options_pb2
from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.facility.v1 import events_pb2 as facility
from eldercare.subsidy.v1 import events_pb2 as subsidy
from eldercare.supervision.v1 import events_pb2 as supervision
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

Row = tuple[str, bytes, datetime, int]  # type, payload, business instant, sequence

KINDS: dict[str, type[Message]] = {
    message.full_name: GetMessageClass(message)
    for service in (assessment, dispatch, facility, subsidy, supervision)
    for message in service.DESCRIPTOR.message_types_by_name.values()
    if message.GetOptions().HasExtension(options_pb2.event)
}


def decoded(rows: Iterable[Row]) -> Iterator[tuple[Message, datetime, int]]:
    """Events of the archive with business instant and sequence; those of a newer release are left
    out.
    """
    for type, payload, time, sequence in rows:
        kind = KINDS.get(type)
        if kind is not None:
            yield kind.FromString(payload), time, sequence


def area_of(event: Message) -> str | None:
    """The area code an event happened in."""
    path = _area_path(event.DESCRIPTOR)
    if path is None:
        return None
    holder = getattr(event, path) if path else event
    return cast(str, getattr(holder, "area_code")) or None  # noqa: B009 – of any message


@cache
def _area_path(kind: Descriptor) -> str | None:
    if "area_code" in kind.fields_by_name:
        return ""
    holders = (
        field.name
        for field in kind.fields
        if field.message_type is not None and "area_code" in field.message_type.fields_by_name
    )
    return next(holders, None)
