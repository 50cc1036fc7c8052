"""The front door and the calls behind it."""

from kit.observability import names
from observability.panels import Query, Row, count, lines, of, page, quantile, rate


def api() -> str:
    """The front door and the calls behind it."""
    return page(
        "api",
        "API",
        "What people and firms notice.",
        [("Gateway", _front()), ("Services", _calls()), ("Commands", _commands())],
    )


def _front() -> Row:
    return [
        lines(
            "Requests by code",
            "reqps",
            Query(count(names.HTTP_DURATION, "code"), "{{code}}"),
            stacked=True,
        ),
        lines(
            "Failures of ours",
            "reqps",
            Query(rate(names.HTTP_FAILED, "service"), "5xx"),
            Query(count(names.HTTP_DURATION, "route, code", 'code=~"5.."'), "{{route}} {{code}}"),
        ),
        lines(
            "Latency",
            "s",
            Query(quantile(0.5, names.HTTP_DURATION, "service"), "p50"),
            Query(quantile(0.99, names.HTTP_DURATION, "service"), "p99"),
            limit=1,
        ),
        lines(
            "Latency by route, p99",
            "s",
            Query(f"topk(10, {quantile(0.99, names.HTTP_DURATION, 'route')})", "{{route}}"),
        ),
    ]


def _calls() -> Row:
    return [
        lines(
            "Calls by outcome",
            "reqps",
            Query(count(names.RPC_DURATION, "service, code"), "{{service}} {{code}}"),
            stacked=True,
        ),
        lines(
            "Latency of calls, p99",
            "s",
            Query(
                f"topk(10, {quantile(0.99, names.RPC_DURATION, 'method')})",
                "{{method}}",
                exemplars=True,
            ),
        ),
        lines(
            "Calls being served",
            "short",
            Query(f"sum by (service) ({of(names.RPC_OPEN)})", "{{service}}"),
        ),
        lines(
            "Neighbours, p99",
            "s",
            Query(
                f"topk(10, {quantile(0.99, names.RPC_CALL_DURATION, 'service, method')})",
                "{{service}} → {{method}}",
            ),
            description="As the caller sees them.",
        ),
    ]


def _commands() -> Row:
    return [
        lines(
            "Commands by outcome",
            "reqps",
            Query(rate(names.COMMANDS, "service, outcome"), "{{service}} {{outcome}}"),
            description="`repeated`: a client sent the same key again and got the same answer.",
        ),
        lines(
            "Refusals",
            "reqps",
            Query(f"topk(15, {rate(names.REFUSED, 'method, reason')})", "{{method}} {{reason}}"),
        ),
    ]
