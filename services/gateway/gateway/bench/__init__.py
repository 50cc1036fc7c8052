"""The figure of the gateway: a read with identity, access and SQL behind it, beside the same route
with nothing behind it.
"""

from gateway.bench.reading import run

__all__ = ["run"]
