"""What operators see: logs, traces and metrics, with their names declared once and nothing personal
in them.

`names` declares, `log` writes, `span` and `handling` trace, `prometheus` renders; `install` is
called once by the process.
"""

from kit.observe.logs import denied, log
from kit.observe.metrics import openmetrics, prometheus
from kit.observe.setup import flush, install, pushed_to
from kit.observe.traces import current_trace_id, handling, span, trace_id_of, traceparent

__all__ = [
    "current_trace_id",
    "denied",
    "flush",
    "handling",
    "install",
    "log",
    "openmetrics",
    "prometheus",
    "pushed_to",
    "span",
    "trace_id_of",
    "traceparent",
]
