"""Refusals as rich gRPC statuses and back: ErrorInfo holds reason and facts, BadRequest the fields,
RetryInfo the pause.
"""

import math
from collections.abc import Iterable

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2 as details
from google.rpc import status_pb2

from kit.contracts import refusals
from kit.contracts.refusals import DOMAIN, EldercareError, Unavailable

TRAILER = "grpc-status-details-bin"
_TEXT_MOST, _FACT_MOST, _FACTS_MOST, _VIOLATIONS_MOST = (
    300,
    120,
    16,
    16,
)  # trailers have to stay well under 8 KB
_CODES = {code.name: code for code in grpc.StatusCode}
# what the transport itself says where the neighbour gave no text
_SILENT = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)


def to_status(error: EldercareError) -> tuple[grpc.StatusCode, str, bytes]:
    """Code, text and serialized google.rpc.Status of an error."""
    code = _CODES[refusals.consequence(error).code]
    text = str(error)[:_TEXT_MOST]
    facts = {
        name: str(fact)[:_FACT_MOST]
        for name, fact in list(error.facts.items())[:_FACTS_MOST]
        if fact is not None
    }
    status = status_pb2.Status(code=code.value[0], message=text)
    _add(status, details.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=facts))
    if error.violations:
        _add(
            status,
            details.BadRequest(
                field_violations=[
                    details.BadRequest.FieldViolation(field=field, description=rule[:_FACT_MOST])
                    for field, rule in error.violations[:_VIOLATIONS_MOST]
                ]
            ),
        )
    if error.retry_after_s is not None:
        retry = details.RetryInfo()
        retry.retry_delay.FromNanoseconds(math.ceil(error.retry_after_s * 1e9))
        _add(status, retry)
    return code, text, status.SerializeToString()


def defect(trace_id: str | None) -> tuple[grpc.StatusCode, str, bytes]:
    """The status of a defect of ours: the caller learns nothing but where to look."""
    text = "internal error"
    status = status_pb2.Status(code=grpc.StatusCode.INTERNAL.value[0], message=text)
    _add(
        status,
        details.ErrorInfo(
            reason="INTERNAL", domain=DOMAIN, metadata={"trace_id": trace_id} if trace_id else {}
        ),
    )
    return grpc.StatusCode.INTERNAL, text, status.SerializeToString()


def error_from_status(error: grpc.aio.AioRpcError, neighbour: str) -> EldercareError | None:
    """The error that a neighbour answered, or Unavailable where the transport failed; None for a
    defect of the neighbour.
    """
    code = error.code()
    status = _parsed(error)
    if status is None or code.name not in refusals.KINDS:
        return (
            Unavailable(neighbour, f"{neighbour} does not answer: {code.name}")
            if code in _SILENT
            else None
        )
    info, request, retry = details.ErrorInfo(), details.BadRequest(), details.RetryInfo()
    has_retry = False
    for entry in status.details:
        if not entry.Unpack(info) and not entry.Unpack(request):
            has_retry = entry.Unpack(retry) or has_retry
    return refusals.error_from_parts(
        code.name,
        status.message,
        reason=info.reason,
        facts=dict(info.metadata),
        violations=[
            (violation.field, violation.description) for violation in request.field_violations
        ],
        retry_after_s=retry.retry_delay.ToNanoseconds() / 1e9 if has_retry else None,
    )


def _add(status: status_pb2.Status, detail: Message) -> None:
    packed = AnyMessage()
    packed.Pack(detail)
    status.details.append(packed)


def _parsed(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    trailers: Iterable[tuple[str, str | bytes]] = error.trailing_metadata() or ()  # type: ignore[assignment]
    for name, value in trailers:
        if name == TRAILER and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None
