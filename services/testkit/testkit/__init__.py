"""The pytest plugin of all packages (`-p testkit`): real PostgreSQL, real Kafka, a clock,
tokens, services in-process.

Everything it starts is ended by its own pid, also on Ctrl-C; if pytest itself is killed, the kernel
ends its children.
"""

from testkit.polling import until

__all__ = ["until"]

pytest_plugins = [
    "testkit.heap",
    "testkit.selection",
    "testkit.databases",
    "testkit.brokers",
    "testkit.guarded",
    "testkit.identity",
    "testkit.polling",
    "testkit.times",
    "testkit.running",
]
