"""Several processes of each service, and their replacement one by one by those of another release,
while the city goes on.
"""

import asyncio
import contextlib
import json
import os
from pathlib import Path
from typing import Any

from city.names import BUSINESS, NAMES, present
from city.services import Places, Service, environment, gateway_url, management_url
from city.state import State
from city.supervisor import Phase, Supervisor

BACK_S = 180.0  # a process that is not back by then has failed the upgrade
REST_S = 2.0  # between two: whoever waits for a quiet moment finds one
CHUNK = 1 << 16


def code(release: Path | None) -> dict[str, str]:
    """The variables with which Python finds the code of a release in a folder; None: our own."""
    if release is None:
        return {}
    folders = [release / "services" / name for name in ("kit", *NAMES, "city")] + [
        release / "protos" / "gen"
    ]
    return {"PYTHONPATH": os.pathsep.join(map(str, folders))}


class Replica(Service):
    """One of `of` processes of a service. release: the folder whose code it runs from its next
    start on; None: our own.
    """

    def __init__(
        self, state: State, places: Places, service: str, number: int, of: int, release: Path | None
    ) -> None:
        super().__init__(state, places, service)
        self.name = f"{service}-{number}"
        self.log = state.logs / f"{self.name}.log"
        self.of, self.release = of, release

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.state.port(f'{self.name}.http' if self.service == 'gateway' else f'{self.name}.grpc')}"

    def prepare(self) -> None:
        state = self.state
        own = {
            "MEMBER": self.name,
            "GRPC": f"127.0.0.1:{state.port(f'{self.name}.grpc')}",
            "MANAGEMENT": f"127.0.0.1:{state.port(f'{self.name}.management')}",
            "SUBSIDY_ADDRESS": self._all("subsidy"),
            "ASSESSMENT_ADDRESS": self._all("assessment"),
        }
        if self.service == "gateway":
            names = [
                f"{service}-{number}" for service in present() for number in range(1, self.of + 1)
            ]
            own |= {
                "LISTEN": f"127.0.0.1:{state.port(f'{self.name}.http')}",
                "SERVICES": json.dumps(
                    {f"eldercare.{each}.v1": self._all(each) for each in BUSINESS}
                ),
                "PEERS": json.dumps({name: management_url(state, name) for name in names}),
            }
        self._environment = environment(state, self.places, self.service) | own | code(self.release)

    def _all(self, service: str) -> str:
        """Every replica of a neighbour; a client of gRPC takes them in turn and leaves out who does
        not answer.
        """
        return "ipv4:" + ",".join(
            f"127.0.0.1:{self.state.port(f'{service}-{number}.grpc')}"
            for number in range(1, self.of + 1)
        )


class Balance:
    """The one address of several gateways, as a Service of Kubernetes is: each connection goes to
    one that is ready.
    """

    def __init__(self, state: State, supervisor: Supervisor) -> None:
        self._state, self._supervisor = state, supervisor
        self._turn = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens where the gateway of a box does."""
        host, _, port = gateway_url(self._state).rpartition("/")[2].partition(":")
        self._server = await asyncio.start_server(self._served, host, int(port))

    async def stop(self) -> None:
        """Takes no connection any more."""
        if self._server is not None:
            self._server.close()

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await self._opened()
        if there is not None:
            with contextlib.suppress(OSError):
                await asyncio.gather(_copied(reader, there[1]), _copied(there[0], writer))
        writer.close()

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        children = [
            child
            for child in self._supervisor.children.values()
            if getattr(child.process, "service", "") == "gateway"
        ]
        self._turn += 1
        for child in (
            *children[self._turn % len(children) :],
            *children[: self._turn % len(children)],
        ):
            if child.phase == Phase.READY:
                with contextlib.suppress(OSError):
                    return await asyncio.open_connection(
                        "127.0.0.1", self._state.port(f"{child.name}.http")
                    )
        return None


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


async def roll(city: Any, release: Path | None) -> None:
    """Brings a living city to a release: its migrations first, while the old processes run; then
    each process in turn is drained and comes back as one of the new release, when all the others
    are ready.

    Raises: TimeoutError where one does not come back; StartFailed where the migrations fail.
    """
    await city.migrate(release)
    city.said("the schema is the new release's; the old one still serves")
    children = [
        child for child in city.supervisor.children.values() if isinstance(child.process, Replica)
    ]
    for child in children:
        async with asyncio.timeout(BACK_S):
            await _whole(city)
            await asyncio.sleep(REST_S)
            before = child.restarts
            child.process.release = release
            child.phase = Phase.UNREADY  # no new connection is led to it
            child.process.signal_stop()
            while child.restarts == before:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await _whole(city)
        city.said(f"upgraded: {child.name}")
    city.said(f"all {len(children)} processes are of the new release")


async def _whole(city: Any) -> None:
    while any(part.phase != Phase.READY for part in city.supervisor.children.values()):  # noqa: ASYNC110
        await asyncio.sleep(0.2)
