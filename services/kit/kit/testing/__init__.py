"""The pytest plugin of all packages (`-p kit.testing`): real PostgreSQL, real Kafka, a clock,
tokens, services in-process.

Everything it starts is ended by its own pid, also on Ctrl-C; if pytest itself is killed, the kernel
ends its children.
"""

from kit.testing.polling import until

__all__ = ["until"]

pytest_plugins = [
    "kit.testing.selection",
    "kit.testing.databases",
    "kit.testing.brokers",
    "kit.testing.guarded",
    "kit.testing.identity",
    "kit.testing.polling",
    "kit.testing.times",
    "kit.testing.running",
]
