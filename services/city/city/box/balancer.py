"""The one address of several gateways."""

import asyncio
import contextlib

from city.box.child import Phase
from city.box.services import Service, gateway_url
from city.box.state import State
from city.box.supervisor import Supervisor

CHUNK = 1 << 16  # bytes


class LoadBalancer:
    """As a Service of Kubernetes: each connection goes to a gateway that is ready, in turn."""

    def __init__(self, state: State, supervisor: Supervisor) -> None:
        self._state = state
        self._supervisor = supervisor
        self._turn = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens where the only gateway of a city does."""
        host, _, port = gateway_url(self._state).rpartition("/")[2].partition(":")
        self._server = await asyncio.start_server(self._served, host, int(port))

    async def stop(self) -> None:
        """Accepts no connection any more."""
        if self._server is not None:
            self._server.close()

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await self._opened()
        if there is not None:
            with contextlib.suppress(OSError):
                await asyncio.gather(_copied(reader, there[1]), _copied(there[0], writer))
        writer.close()

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        gateways = [
            child
            for child in self._supervisor.children.values()
            if isinstance(child.process, Service) and child.process.service == "gateway"
        ]
        self._turn += 1
        first = self._turn % len(gateways)
        for child in gateways[first:] + gateways[:first]:
            if child.phase == Phase.READY:
                port = self._state.port(f"{child.name}.http")
                with contextlib.suppress(OSError):
                    return await asyncio.open_connection("127.0.0.1", port)
        return None


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()
