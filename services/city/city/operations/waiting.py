"""Waits until a service's database has the schema that this program needs: `python -m
city.operations.waiting SERVICE ADDRESS_VARIABLE TIMEOUT_S`.
"""

from kit.runtime import collector

if __name__ == "__main__":
    collector.rest()

import asyncio
import os
import sys
import time

import asyncpg

from kit.db import migrations

PAUSE_S = 1.0
ANSWER_S = 5.0


def behind(revision: str | None, service: str) -> str:
    """Why a service cannot run on a database at this revision; empty where it can: at our newest,
    or at one newer than all we know.
    """
    head = migrations.head(service)
    if revision == head or migrations.is_newer(service, revision):
        return ""
    return f"the schema is at {revision or 'nothing'}, not at {head}"


async def reason(dsn: str, service: str) -> str:
    """Why to wait; empty where there is no need any more."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return behind(await migrations.revision(dsn), service)
    except TimeoutError:
        return f"the database does not answer within {ANSWER_S:.0f} s"
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        return f"the database does not answer: {type(error).__name__}: {error}"


async def wait(service: str, dsn: str, timeout_s: float) -> int:
    """Prints the reason each time it changes. Returns 0, or 1 where it still holds after
    `timeout_s`.
    """
    began = time.monotonic()
    printed = ""
    while why := await reason(dsn, service):
        if why != printed:
            print(f"{service}: {why}", flush=True)
            printed = why
        if time.monotonic() - began > timeout_s:
            print(f"{service}: given up after {timeout_s:.0f} s", flush=True)
            return 1
        await asyncio.sleep(PAUSE_S)
    print(f"{service}: the schema is there ({time.monotonic() - began:.1f} s)", flush=True)
    return 0


if __name__ == "__main__":
    collector.resume()
    sys.exit(asyncio.run(wait(sys.argv[1], os.environ[sys.argv[2]], float(sys.argv[3]))))
