"""The state of each part of the city, as its management port reports it."""

import asyncio
from collections.abc import Iterable, Mapping

import httpx

State = dict[str, object]  # the JSON of `GET /status`
Activity = Mapping[str, tuple[object, ...] | None]

# what is left to do; a part whose database does not answer tells none of the first three
LEFT = ("outbox", "lag", "due")
BUSY = ("counts_outdated",)  # of some parts only
UNAPPLIED = ("parked", "held", "waiting")  # records that the groups of a part have not applied
COUNTED = ("emitted", "applied")
ACTIVITY = ("pid", "epoch", "emitted", "applied")


class Parts:
    """addresses: of the management ports (http://…), by service."""

    def __init__(self, addresses: Mapping[str, str], http: httpx.AsyncClient) -> None:
        self._addresses = addresses
        self._http = http

    async def states(self, of: Iterable[str] | None = None) -> dict[str, State]:
        """By service, of all or of some; a part that does not answer is not ready."""
        names = sorted(self._addresses if of is None else of)
        states = await asyncio.gather(*(self._state(self._addresses[name]) for name in names))
        return dict(zip(names, states, strict=True))

    async def activity(self) -> Activity:
        """What changes when a part does something; None for a part that does not answer."""
        return {name: _activity(state) for name, state in (await self.states()).items()}

    async def _state(self, address: str) -> State:
        try:
            state: State = (await self._http.get(f"{address}/status")).json()
        except (httpx.HTTPError, ValueError) as error:
            return {"ready": False, "reason": type(error).__name__}
        return {**state, "applied": _applied(state)}


def _applied(state: State) -> int:
    """Events that all groups of a part have applied."""
    positions = state.get("positions", ())
    if not isinstance(positions, Iterable):
        raise TypeError("positions are a list")
    return sum(position["applied"] for position in positions)


def at_rest(state: State) -> bool:
    """Whether a part is ready and says that it has nothing left to do: what it does not tell is
    unknown, not nothing.
    """
    return (
        bool(state.get("ready"))
        and all(state.get(name) == 0 for name in LEFT)
        and not any(state.get(name) for name in BUSY)
    )


def unapplied(states: Mapping[str, State]) -> dict[str, int | None]:
    """Of all parts, how many records are parked, held behind one and waiting; None where a part
    does not tell.
    """
    found: dict[str, int | None] = {}
    for name in UNAPPLIED:
        counts = [count for state in states.values() if isinstance(count := state.get(name), int)]
        found[name] = sum(counts) if len(counts) == len(states) else None
    return found


def counters(states: Mapping[str, State]) -> list[tuple[str, list[object]]]:
    """How much each part has done."""
    return [
        (name, [state.get(counter) for counter in COUNTED])
        for name, state in sorted(states.items())
    ]


def _activity(state: State) -> tuple[object, ...] | None:
    if not all(counter in state for counter in COUNTED):
        return None
    return tuple(state.get(name) for name in ACTIVITY)
