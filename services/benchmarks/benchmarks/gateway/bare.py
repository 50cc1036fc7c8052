"""The gateway's application with no service behind it, as a process:
`python -m benchmarks.gateway.bare plain|edge METHOD ISSUER KEYS_URL`.

The reply of the measured route comes on standard input, as the message's bytes. plain: the endpoint
answers its JSON and does nothing else. edge: everything the gateway does – identity, trace,
request, JSON – but the reply is at hand. Prints the port it took.
"""

import socket
import sys

import uvloop
from google.protobuf.message import Message
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.calls import api as calls
from gateway.contracts import transcode
from gateway.contracts.methods import methods
from gateway.http import app
from gateway.http.limits import Bounds
from kit.security.identity import Identity


class AtHand:
    """Answers as a client of a neighbour does, from memory."""

    def __init__(self, reply: Message) -> None:
        self.reply = reply

    async def call(self, _: str, __: Message, **___: object) -> Message:
        return self.reply


def _plain(reply: bytes) -> list[Route]:
    async def answer(_: Request) -> Response:
        return Response(reply, media_type="application/json")

    return [Route(method.path, answer, methods=[method.verb]) for method in calls.ordered()]


async def _main(kind: str, full_name: str, issuer: str, keys_url: str) -> None:
    (method,) = (method for method in methods() if method.full_name == full_name)
    reply = method.reply.FromString(sys.stdin.buffer.read())
    identity: Identity | None = None
    if kind == "plain":
        api = _plain(transcode.to_json(reply))
    else:
        identity = Identity(issuer=issuer, audience="eldercare", keys_url=keys_url)
        services = {each.service for each in methods()}
        api = calls.routes(dict.fromkeys(services, AtHand(reply)), identity)  # type: ignore[arg-type]
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    bounds = Bounds()
    await app.server(app.app(api, bounds, identity=identity), "127.0.0.1:0", bounds).serve(
        [listening]
    )


if __name__ == "__main__":
    uvloop.run(_main(*sys.argv[1:5]))
