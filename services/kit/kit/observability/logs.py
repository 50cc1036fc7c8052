"""JSON lines on standard output, with the ids of trace and event, and without anything personal or
secret.
"""

import logging
import re
import sys
import traceback

import structlog
from google.protobuf.message import Message
from opentelemetry import trace
from structlog.typing import EventDict, Processor, WrappedLogger

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

# A key is refused when its last dotted part is one of the first, or has one of the second among its
# words.
_REFUSED_KEYS = frozenset(
    {
        "id_number",
        "id_card",
        "birth_date",
        "born_on",
        "body",
        "request",
        "reply",
        "payload",
        "statement",
        "answers",
    }
)
_REFUSED_WORDS = frozenset(
    {
        "name",
        "phone",
        "mobile",
        "address",
        "token",
        "authorization",
        "password",
        "secret",
        "cookie",
        "position",
        "lat",
        "lon",
        "latitude",
        "longitude",
        "contact",
    }
)
_MACHINE_KEYS = frozenset({"event_id", "event_type", "logger", "level", "timestamp"})

_ID_NUMBER = re.compile(r"(?<!\d)\d{6}(?:18|19|20)\d{9}[\dXx](?!\d)")
_PHONE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?|(?i:bearer) +[\w.~+/-]{12,}=*")
_HAN = re.compile(r"[\u3400-\u9fff\u00b7]+")
_ROWS = re.compile(r"(?s)(?:\nDETAIL:|DETAIL: |\[SQL|\[parameters|input_value=|, input_type=).*")
_FRAMES = 30


def denied(name: str) -> bool:
    """True for a key that may not appear in a log line, because people put personal data or secrets
    under it.

    >>> [denied(key) for key in ("elder_name", "contact.phone", "topic", "elder_id", "id_number")]
    [True, True, False, False, True]
    """
    last = name.rpartition(".")[2].lower()
    return last in _REFUSED_KEYS or not _REFUSED_WORDS.isdisjoint(last.split("_"))


class _Stdout(logging.Handler):
    """Writes to what is standard output now, as structlog does."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stdout.write(self.format(record) + "\n")
        sys.stdout.flush()


def _configured(least: int) -> None:
    structlog.configure(
        processors=[*_SHARED, _RENDER],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stdout),
        cache_logger_on_first_use=False,
    )


def install(level: str) -> None:
    """Sends structlog and every standard logger through one chain to standard output."""
    least = logging.getLevelNamesMapping()[level.upper()]
    _configured(least)
    handler = _Stdout()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, foreign, *_SHARED],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _RENDER],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(least, logging.WARNING))


def traced(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Adds the ids of the current span."""
    current = trace.get_current_span().get_span_context()
    if current.is_valid:
        event["trace_id"] = f"{current.trace_id:032x}"
        event["span_id"] = f"{current.span_id:016x}"
        event["trace_flags"] = int(current.trace_flags)
    return event


def foreign(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A line of somebody else's library: its text may quote anything, so it is scrubbed harder than
    ours.
    """
    event["event"] = scrubbed(str(event.get("event", "")))
    return event


def describe_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replaces an exception by its class, its scrubbed text and its frames; never by values of
    variables or rows.
    """
    info = event.pop("exc_info", None)
    error = (
        info
        if isinstance(info, BaseException)
        else info[1]
        if isinstance(info, tuple)
        else sys.exc_info()[1]
        if info
        else None
    )
    if error is not None:
        event["error"] = f"{type(error).__module__}.{type(error).__qualname__}"
        event["error_text"] = scrubbed(str(error))
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        event["stack"] = [
            f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
            for frame in frames
        ]
    return event


def clean(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drops denied keys, and hides ID numbers, phones and tokens wherever they stand."""
    refused = [key for key in event if key not in _MACHINE_KEYS and denied(key)]
    for key in refused:
        del event[key]
    for key, value in event.items():
        if not isinstance(value, (int, float)) and key not in _MACHINE_KEYS:
            event[key] = _cleaned(value)
    if refused:
        event["dropped"] = sorted(refused)
    return event


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, Message):
        return value.DESCRIPTOR.full_name
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        return {key: _cleaned(inner) for key, inner in value.items() if not denied(str(key))}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_cleaned(inner) for inner in value]
    return value


def hidden(text: str) -> str:
    """The text without ID numbers, phones and tokens."""
    return _PHONE.sub("[phone]", _ID_NUMBER.sub("[id number]", _TOKEN.sub("[token]", text)))


def scrubbed(text: str) -> str:
    """The text of an error that is not ours, without what may quote a row: details of the database,
    values, Chinese words.
    """
    return _HAN.sub("…", hidden(_ROWS.sub("", text)))[:2000]


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    traced,
    describe_error,
    clean,
]
_RENDER = structlog.processors.JSONRenderer(
    ensure_ascii=False, default=lambda value: type(value).__name__
)
_configured(
    logging.INFO
)  # also before `install`: structlog's own default prints the values of variables
