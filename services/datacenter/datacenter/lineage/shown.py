"""An archived event as it is shown."""

from typing import NamedTuple

from eldercare import options_pb2
from eldercare.datacenter.v1 import api_pb2 as pb
from google.protobuf import json_format
from google.protobuf.message import Message

from datacenter.archive.tables import Archived
from datacenter.lineage import persons
from datacenter.lineage.evidence import Counted
from kit.contracts import wire
from kit.observability.traces import trace_id_of
from kit.security.access import Caller

NOWHERE = Counted(False, False)
COUNTY = 6  # digits of an area code


class Shown(NamedTuple):
    """An event as a caller sees it. elder_ids: of whom its body tells."""

    event: pb.ArchivedEvent
    elder_ids: frozenset[str]


def shown(
    row: Archived, event: Message | None, caller: Caller, counted: Counted = NOWHERE
) -> Shown:
    """An event and where it counts; what it tells of elders is withheld from whoever may not see
    these. event: decoded; None where its type is of a newer release.
    """
    elder_ids = frozenset(persons.elder_ids(event)) if event is not None else frozenset[str]()
    is_withheld = bool(elder_ids) and not persons.may_read(caller)
    body = _body(event) if event is not None and not is_withheld else ""
    described = _described(row, counted, body, is_withheld)
    return Shown(described, elder_ids if body else frozenset())


def _described(row: Archived, counted: Counted, body: str, is_withheld: bool) -> pb.ArchivedEvent:
    """Of what is withheld neither whom it is of, nor the community, of which the figures say how
    many there are.
    """
    source, subject, area_code = row.source, row.subject, row.area_code or ""
    if is_withheld:
        source, subject = source.removesuffix(subject), ""
        area_code = area_code[:COUNTY].ljust(len(area_code), "0")
    return pb.ArchivedEvent(
        event_id=str(row.id),
        type=row.type,
        source=source,
        subject=subject,
        area_code=area_code,
        time=wire.timestamp(row.time),
        traceparent=row.traceparent or "",
        body=body,
        body_withheld=is_withheld,
        in_numerator=counted.in_numerator,
        in_denominator=counted.in_denominator,
        trace_id=trace_id_of(row.traceparent) or "",
    )


def _body(event: Message) -> str:
    """The event as JSON; of a day that is personal only the month remains, which is all that a
    figure depends on.
    """
    masked = type(event)()
    masked.CopyFrom(event)
    _mask(masked)
    return json_format.MessageToJson(
        masked, preserving_proto_field_name=True, indent=None, ensure_ascii=False
    )


def _mask(message: Message) -> None:
    for field, value in message.ListFields():
        if field.message_type is not None and not field.is_repeated:
            _mask(value)
        elif field.GetOptions().Extensions[options_pb2.personal] == options_pb2.PERSONAL_QUASI:
            setattr(message, field.name, value[:7])
        elif field.GetOptions().Extensions[options_pb2.personal]:
            message.ClearField(field.name)
