"""Brings databases to their newest revisions: `python -m city.migrate SERVICE…`, each address in `<SERVICE>_DATABASE`.

A migrator that is told to end does so at once and non-zero: PostgreSQL undoes what was under way, and nobody takes it for done.
"""

import os
import signal
import sys
import time
from types import FrameType


def _leave(number: int, _: FrameType | None) -> None:
    os._exit(128 + number)


def main(names: list[str]) -> None:
    """Prints one line a service."""
    signal.signal(signal.SIGTERM, _leave)  # before the heavy imports: PID 1 ignores a signal without a handler
    signal.signal(signal.SIGINT, _leave)
    from city.names import variable
    from kit import migrations

    for name in names:
        began = time.monotonic()
        changed = migrations.upgrade(os.environ[variable(name)], name)
        print(f"{name}: {'brought to' if changed else 'is at'} {migrations.head(name)} ({time.monotonic() - began:.1f} s)", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
