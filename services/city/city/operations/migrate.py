"""Brings databases to their newest revisions: `python -m city.operations.migrate SERVICE…`, each
address in `<SERVICE>_DATABASE`.

Where RUNTIME_ROLE names the role that the service runs as, that role may read and write what the
migrations of the owner have made.

On SIGTERM and SIGINT it ends at once with a non-zero code: PostgreSQL rolls back what was under
way, and nobody takes it for done.
"""

import asyncio
import os
import signal
import sys
import time
from importlib import import_module
from types import FrameType

from kit.runtime import collector


def _leave(number: int, _: FrameType | None) -> None:
    os._exit(128 + number)


def main(names: list[str]) -> None:
    """Prints one line a service."""
    # before the heavy imports: PID 1 ignores a signal without a handler
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    from city.names import variable
    from kit.db import migrations
    from kit.db.migrations import grants

    for name in names:
        began = time.monotonic()
        address = os.environ[variable(name)]
        changed = migrations.upgrade(address, name)
        found = asyncio.run(migrations.revision(address))
        line = f"{name}: {'brought to' if changed else 'is at'} {found}"
        if migrations.is_newer(name, found):
            line += ", which is newer than this release: nothing is changed"
        else:
            line += _completed(name, address)
        if roles := grants.named(os.environ.get(grants.RUNTIME_ROLE, ""), name):
            asyncio.run(grants.grant(address, roles))
            line += f", granted to {', '.join(roles)}"
        print(f"{line} ({time.monotonic() - began:.1f} s)", flush=True)


def _completed(name: str, address: str) -> str:
    """What a package's declarations add to its tables needs no revision."""
    complete = getattr(import_module(f"{name}.migrations"), "complete", None)
    added = asyncio.run(complete(address)) if complete else []
    return f", with new columns {', '.join(added)}" if added else ""


if __name__ == "__main__":
    collector.rest()
    main(sys.argv[1:])
    collector.resume()  # or the end would take long
