"""Refusals as rich gRPC statuses and back: ErrorInfo holds reason and facts, BadRequest the fields,
RetryInfo the pause, LocalizedMessage the Chinese of a text.

The service that refuses tells it in both languages, so that whoever answers the caller needs no
texts of other services, nor of other releases.
"""

import math
from collections.abc import Iterable

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2 as details
from google.rpc import status_pb2

from kit.contracts import refusals
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import DOMAIN, EldercareError, Unavailable

TRAILER = "grpc-status-details-bin"
CHINESE = "zh-CN"
# trailers have to stay well under 8 KB
_TEXT_BYTES, _FACT_BYTES, _FACTS_MOST, _VIOLATIONS_MOST, _BYTES = 450, 120, 16, 16, 6_000
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
    text = _cut(error.phrase, _TEXT_BYTES)
    facts = {
        name: _cut(fact.key if isinstance(fact, Phrase) else str(fact), _FACT_BYTES)
        for name, fact in list(error.facts.items())[:_FACTS_MOST]
        if fact is not None
    }
    status = status_pb2.Status(code=code.value[0], message=text)
    _add(status, details.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=facts))
    _add(status, _chinese(error.phrase))
    if error.violations:
        _add(status, _broken(error.violations, _BYTES - status.ByteSize()))
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
        return Unavailable(neighbour) if code in _SILENT else None
    info, request, retry = details.ErrorInfo(), details.BadRequest(), details.RetryInfo()
    chinese = details.LocalizedMessage()
    has_retry = False
    for entry in status.details:
        if not any(entry.Unpack(part) for part in (info, request, chinese)):
            has_retry = entry.Unpack(retry) or has_retry
    return refusals.error_from_parts(
        code.name,
        _phrase(status.message, chinese),
        reason=info.reason,
        facts=dict(info.metadata),
        violations=[
            (one.field, _phrase(one.description, one.localized_message, one.reason))
            for one in request.field_violations
        ],
        retry_after_s=retry.retry_delay.ToNanoseconds() / 1e9 if has_retry else None,
    )


def _broken(violations: Iterable[tuple[str, Phrase]], most_bytes: int) -> details.BadRequest:
    """As many as fit; the first does."""
    request = details.BadRequest()
    for field, rule in list(violations)[:_VIOLATIONS_MOST]:
        request.field_violations.add(
            field=_cut(field, _FACT_BYTES),
            description=_cut(rule, _TEXT_BYTES),
            reason=rule.key,
            localized_message=_chinese(rule),
        )
        if request.ByteSize() > most_bytes:
            break
    return request


def _chinese(phrase: Phrase) -> details.LocalizedMessage:
    return details.LocalizedMessage(locale=CHINESE, message=_cut(phrase.zh, _TEXT_BYTES))


def _phrase(en: str, chinese: details.LocalizedMessage, key: str = "") -> Phrase:
    """A text that came; in English alone from a service of the release before."""
    return Phrase(en, chinese.message or en, key=key)


def _cut(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode(errors="ignore")


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
