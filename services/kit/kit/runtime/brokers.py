"""Whether a broker listens and would have us."""

import asyncio
import ssl
import time

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from kit.messaging.bootstrap import Bootstrap

ANSWER_S = 2.0
PROOF_S = 3.0
# passwords and certificates are taken back rarely; a handshake costs the broker more than an open
# port
PROVED_S = 60.0


class Brokers:
    """Opens a port at each look, and now and then goes all the way in, as a client would."""

    def __init__(self, bootstrap: Bootstrap) -> None:
        self._bootstrap = bootstrap
        self._proved_at = float("-inf")

    async def reason(self) -> str:
        """Why nothing can be sent to Kafka now; empty where it can."""
        found = await asyncio.gather(*map(_listens, self._bootstrap.servers))
        listening = [
            address
            for address, listens in zip(self._bootstrap.servers, found, strict=True)
            if listens
        ]
        if not listening:
            self._proved_at = float("-inf")
            return f"no broker of {self._bootstrap.brokers} listens"
        if time.monotonic() - self._proved_at < PROVED_S:
            return ""
        silent = ""
        for address in listening:
            try:
                async with asyncio.timeout(PROOF_S):
                    await self._enter(address)
                self._proved_at = time.monotonic()
                return ""
            except (KafkaError, ssl.SSLError) as error:
                if not isinstance(error, KafkaConnectionError):
                    self._proved_at = float("-inf")
                    return f"{address} refuses us: {_text(error)}"
                silent = f"{address} hangs up: {_text(error)}"
            except OSError as error:  # a TimeoutError too
                silent = f"{address} does not answer: {_text(error)}"
        if self._proved_at == float("-inf"):
            return silent
        self._proved_at = time.monotonic()  # it let us in before, and is slow now
        return ""

    async def _enter(self, address: str) -> None:
        host, port = _split(address)
        connection = await create_conn(
            host, port, request_timeout_ms=int(PROOF_S * 1000), **self._bootstrap.connection()
        )
        try:
            await connection.send(
                MetadataRequest([])
            )  # what precedes it is also answered where we did not say who we are
        finally:
            await connection.close()


async def _listens(address: str) -> bool:
    try:
        async with asyncio.timeout(ANSWER_S):
            _, writer = await asyncio.open_connection(*_split(address))
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}{f': {error}' if str(error) else ''}"
