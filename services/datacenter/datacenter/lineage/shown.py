"""An archived event as it is shown."""

from eldercare import options_pb2
from eldercare.datacenter.v1 import api_pb2 as pb
from google.protobuf import json_format
from google.protobuf.message import Message

from datacenter.archive.tables import Archived
from datacenter.lineage.evidence import Counted
from kit.contracts import wire
from kit.observability.traces import trace_id_of

NOWHERE = Counted(False, False)


def shown(row: Archived, event: Message | None, counted: Counted = NOWHERE) -> pb.ArchivedEvent:
    """An event and where it counts. event: decoded; None where its type is of a newer release."""
    return pb.ArchivedEvent(
        event_id=str(row.id),
        type=row.type,
        source=row.source,
        subject=row.subject,
        area_code=row.area_code or "",
        time=wire.timestamp(row.time),
        traceparent=row.traceparent or "",
        body=_body(event) if event is not None else "",
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
