"""After a restore: every aggregate with a compacted topic is published again, as soon as the city
runs.
"""

import asyncio
import json
import sys
from collections.abc import Callable

from city.box.services import Endpoints, environment
from city.box.state import State
from city.operations.snapshots import OWNERS

PENDING = "resay.json"  # in the state folder: aggregates still to be published again
UNFINISHED = "restoring"  # in a state folder whose restore was cut off


class Unfinished(Exception):
    """The state folder is of a restore that was cut off: its databases and its Kafka do not belong
    together.
    """


def check_finished(state: State) -> None:
    """Raises: Unfinished."""
    if (state.folder / UNFINISHED).exists():
        raise Unfinished(
            f"state: the restore into {state.folder} was cut off; remove the folder and "
            "restore again"
        )


def pending(state: State) -> list[str]:
    """What has not been published again since the restore."""
    kept = state.folder / PENDING
    return list(json.loads(kept.read_text())) if kept.exists() else []


def keep_pending(state: State, aggregates: list[str]) -> None:
    """Remembers it over restarts."""
    draft = state.folder / f"{PENDING}.new"
    draft.write_text(json.dumps(aggregates))
    draft.rename(state.folder / PENDING)


async def republish_pending(state: State, endpoints: Endpoints, say: Callable[[str], None]) -> None:
    """Has the owners publish them again, one owner after the other, paced; what fails stays pending
    for the next start.
    """
    left = pending(state)
    for service in sorted({OWNERS[aggregate] for aggregate in left}):
        wanted = [aggregate for aggregate in left if OWNERS[aggregate] == service]
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "city.operations.operate",
            service,
            "republish",
            *wanted,
            env=environment(state, endpoints, service) | {"LOG_LEVEL": "warning"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await child.communicate()
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        text = output.decode().strip()
        if child.returncode:
            say(
                f"{', '.join(wanted)} could not be republished; `eldercare republish` does it "
                f"later: {text[-500:]}"
            )
            return
        say("; ".join(text.splitlines()))
        keep_pending(state, [each for each in pending(state) if OWNERS[each] != service])
