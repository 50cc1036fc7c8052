"""The simulation's own HTTP: kept connections, whole answers, and honest failures, against a server
on a real socket.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from simulator.client import Gateway, Identities, Refused
from simulator.http_client import Disconnected, HttpClient

Answer = Callable[[bytes, asyncio.StreamWriter], None]


class Server:
    """Answers each request by `answer`; knows what it received and how many connections there
    were.
    """

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.connections, self.address = 0, ""
        self._served: set[asyncio.Future[None]] = set()
        self.answer: Answer = lambda _, writer: writer.write(whole(b"{}"))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line[15:])
                        for line in head.split(b"\r\n")
                        if line.startswith(b"Content-Length")
                    ),
                    0,
                )
                self.received.append(head + await reader.readexactly(length))
                self.answer(self.received[-1], writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served = asyncio.ensure_future(self._serve(reader, writer))
        self._served.add(served)
        await served

    async def start(self) -> str:
        self.server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def end(self) -> None:
        """Nothing of it is left when the test's event loop is closed."""
        self.server.close()
        await asyncio.wait_for(asyncio.gather(*self._served), 10)


def whole(body: bytes, status: str = "200 OK", *lines: str) -> bytes:
    head = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"content-length: {len(body)}",
        *lines,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    made.address = await made.start()
    yield made
    await made.end()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[HttpClient]:
    made = HttpClient(server.address, 5.0)
    yield made
    await made.close()


async def test_one_connection_serves_one_request_after_the_other(
    server: Server, client: HttpClient
) -> None:
    answers = [
        await client.request("POST", "/v1/orders", {"Idempotency-Key": "12345678"}, b'{"a": 1}')
        for _ in range(3)
    ]

    assert server.connections == 1
    assert [one.document() for one in answers] == [{}, {}, {}]
    assert server.received[0].startswith(b"POST /v1/orders HTTP/1.1\r\nHost: 127.0.0.1:")
    assert server.received[0].endswith(b'Content-Length: 8\r\n\r\n{"a": 1}')


async def test_questions_carry_their_parameters(server: Server, client: HttpClient) -> None:
    await client.request("GET", "/v1/feed", {}, query={"limit": 500, "cursor": "a b&c"})

    assert server.received[0].startswith(b"GET /v1/feed?limit=500&cursor=a+b%26c HTTP/1.1")


async def test_a_connection_that_announces_its_close_is_not_used_again(
    server: Server, client: HttpClient
) -> None:
    server.answer = lambda _, writer: writer.write(whole(b"{}", "200 OK", "Connection: close"))
    for _ in range(2):
        await client.request("GET", "/", {})

    assert server.connections == 2


async def test_an_answer_in_chunks_is_put_together(server: Server, client: HttpClient) -> None:
    server.answer = lambda _, writer: writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ntransfer-encoding: "
        b"chunked\r\n\r\n4\r\nname\r\n2;x=1\r\n\r\n\r\n0\r\n\r\n"
    )
    for _ in range(2):
        assert (await client.request("GET", "/", {})).document() == {"text": "name\r\n"}

    assert server.connections == 1


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", b"HTTP/1.1 200 OK\r\n\r\n"]
)
async def test_half_an_answer_is_none(server: Server, client: HttpClient, sent: bytes) -> None:
    def half(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        writer.close()

    server.answer = half
    with pytest.raises(Disconnected):
        await client.request("GET", "/", {})


async def test_nobody_listening_is_disconnected() -> None:
    with pytest.raises(Disconnected):
        await HttpClient("http://127.0.0.1:9", 1.0).request("GET", "/", {})


async def test_a_command_is_repeated_with_its_key_until_there_is_an_answer(server: Server) -> None:
    def stumble(_: bytes, writer: asyncio.StreamWriter) -> None:
        if len(server.received) == 1:
            writer.close()
        elif len(server.received) == 2:
            writer.write(whole(b"{}", "503 Service Unavailable"))
        else:
            writer.write(whole(b'{"order_id": "7"}'))

    server.answer = stumble
    gateway = Gateway(server.address, client_id="simulator", secret="none", seed=4)
    assert await gateway.post("token", "/v1/orders", {"a": 1}, key="order-000001") == {
        "order_id": "7"
    }
    await gateway.close()

    assert len(server.received) == 3
    assert all(b"Idempotency-Key: order-000001" in request for request in server.received)
    assert gateway.tally.repeated == 2


async def test_a_refusal_is_raised_at_once(server: Server) -> None:
    server.answer = lambda _, writer: writer.write(
        whole(b'{"reason": "ELDER_NOT_ALIVE"}', "409 Conflict")
    )
    gateway = Gateway(server.address, client_id="simulator", secret="none", seed=4)
    with pytest.raises(Refused, match="ELDER_NOT_ALIVE"):
        await gateway.post("token", "/v1/orders", {})
    await gateway.close()


async def test_tokens_come_for_new_names_only(server: Server) -> None:
    def mint(request: bytes, writer: asyncio.StreamWriter) -> None:
        many = request.count(b'"sub"')
        tokens = ",".join(f'"t{number}"' for number in range(many))
        writer.write(
            whole(
                b'{"access_token": "o", "expires_in": 3600}'
                if b"/token " in request
                else f'{{"tokens": [{tokens}]}}'.encode()
            )
        )

    server.answer = mint
    gateway = Gateway(server.address, client_id="simulator", secret="none", seed=4)
    tokens = Identities(gateway)
    tokens.add("office", roles=["official"])
    tokens.add("hotline", roles=["hotline"])
    await tokens.renew()
    tokens.add("worker 1", roles=["worker"])
    await tokens.renew()
    await tokens.renew()
    await gateway.close()

    assert (tokens["office"], tokens["hotline"], tokens["worker 1"]) == ("t0", "t1", "t0")
    assert len([request for request in server.received if b"/onebox/tokens" in request]) == 2
