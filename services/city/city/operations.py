"""What operators do to one service of a running city: look into what is parked, let it be tried
again, have facts said again.

It runs in a child with the service's own environment, so that the handlers, the keys and the
database are that service's.
"""

import os
import subprocess
import sys
from typing import Any

from city import servers
from city.services import GIVEN, Places, database, environment
from city.state import State
from city.supervisor import status_of

OWNERS = {
    "elder": "assessment",
    "policy": "subsidy",
    "organisation": "facility",
    "facility": "facility",
    "worker": "facility",
}


class NotOwned(Exception):
    """No service can say this aggregate again: its topic is not compacted, its events are facts of
    their day.
    """


def places(state: State) -> Places:
    """Where the servers of this state folder answer, as its last city had them."""
    facts = state.city() or {}
    kafka = facts.get("kafka") or f"127.0.0.1:{state.port('kafka')}"
    kind = facts.get("kafka_kind", GIVEN)
    server = (state.server() if facts else None) or servers.postgres(state).dsn()
    return Places(server, str(kafka), partitions=4, replication=1, kafka_kind=kind)


def databases(state: State, names: list[str]) -> dict[str, str]:
    """The addresses of the services' databases, as the variables that `city.migrate` reads."""
    server = places(state).postgres
    return {f"{name.upper()}_DATABASE": database(state, server, name) for name in names}


def operate(state: State, service: str, *arguments: str) -> int:
    """Runs `city.operate` for one service and returns its exit code; its output goes to our
    terminal.

    Where the environment is that service's already, as in its container, it is taken as it is.
    """
    variables = (
        dict(os.environ) if "DATABASE" in os.environ else environment(state, places(state), service)
    )
    command = [sys.executable, "-m", "city.operate", service, *arguments]
    return subprocess.call(command, env=variables | {"LOG_LEVEL": "warning"})


def owner(aggregate: str) -> str:
    """The service that can say an aggregate again. Raises: NotOwned."""
    if aggregate not in OWNERS:
        raise NotOwned(f"aggregate: {aggregate} is none of {', '.join(sorted(OWNERS))}")
    return OWNERS[aggregate]


def unbalanced(facts: dict[str, Any]) -> list[str]:
    """One line for each partition whose records are not all accounted for, and for each service
    that does not answer.
    """
    lines = []
    for name, child in facts["children"].items():
        if not child["management"]:
            continue
        told = status_of(child["management"])
        if told is None or "positions" not in told:
            lines.append(
                f"{name} does not tell its positions: {(told or {}).get('reason') or 'no answer'}"
            )
            continue
        lines += [
            f"{name}: {line}" for position in told["positions"] if (line := difference(position))
        ]
    return lines


def difference(position: dict[str, Any]) -> str:
    """What is wrong with one position; empty when next − begin = applied + repeated + foreign +
    waiting + parked + held + gaps.
    """
    fates = {
        name: int(position.get(name) or 0)
        for name in ("applied", "repeated", "foreign", "waiting", "parked", "held", "gaps")
    }
    taken = position["next"] - position["begin"]
    if taken == sum(fates.values()):
        return ""
    told = " ".join(f"{name}={count}" for name, count in fates.items() if count)
    return (
        f"{position['topic']}/{position['partition']}: {taken} records taken, "
        f"{sum(fates.values())} accounted for ({told})"
    )
