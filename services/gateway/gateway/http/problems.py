"""Errors as RFC 9457 problem documents: a stable reason, and for each offending field the rule it
breaks.
"""

import json
from collections.abc import Iterable, Mapping

from starlette.responses import Response

from kit.contracts.refusals import EldercareError, consequence
from kit.observability import traces

TITLES = {
    400: "Bad request",
    401: "Unauthenticated",
    403: "Denied",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Refused",
    410: "Gone",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    422: "Malformed",
    429: "Too many requests",
    431: "Header too large",
    500: "Internal error",
    503: "Unavailable",
}


def problem(
    status: int,
    reason: str,
    detail: str,
    *,
    errors: Iterable[tuple[str, str]] = (),
    retry_after_s: float | None = None,
    facts: Mapping[str, object] | None = None,
) -> Response:
    """A problem document. errors: pairs of field and rule. facts: by name, whatever the names."""
    document: dict[str, object] = {
        "type": f"/problems/{reason.lower().replace('_', '-')}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "reason": reason,
        "detail": detail,
    }
    if pairs := [{"field": field, "rule": rule} for field, rule in errors]:
        document["errors"] = pairs
    if facts:
        document["facts"] = {name: str(fact) for name, fact in facts.items()}
    if trace_id := traces.current_trace_id():
        document["trace_id"] = trace_id
    headers = {}
    if retry_after_s is not None:
        headers["Retry-After"] = str(max(1, round(retry_after_s)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    text = json.dumps(document, ensure_ascii=False)
    return Response(text, status, headers, "application/problem+json")


def defect() -> Response:
    """The problem document of a defect: it names nothing of what went wrong."""
    detail = "a defect of the platform; its operators find it by the trace id"
    return problem(500, "INTERNAL", detail)


def to_problem(error: EldercareError) -> Response:
    """The problem document of an error of the platform."""
    row = consequence(error)
    return problem(
        row.http,
        error.reason,
        str(error),
        errors=error.violations,
        retry_after_s=error.retry_after_s,
        facts=error.facts,
    )
