"""The service that the benchmark of commands asks: one aggregate, and the same command by the ORM
and as a hot flow.

As a program, `python -m benchmarks.pebbles DSN ISSUER KEYS_URL`, it prints the port it took and
answers until it is ended.
"""

import asyncio
import base64
import sys
from typing import Protocol
from uuid import UUID

import uvloop
from buf.validate import validate_pb2
from eldercare import options_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from sqlmodel import Field

from kit.contracts.clock import Clock
from kit.db.personal import KeyRing
from kit.db.raw_session import RawSession
from kit.db.store import Session, Store
from kit.db.tables import TableBase
from kit.messaging import outbox
from kit.rpc import idempotency
from kit.rpc.methods import Call
from kit.rpc.server import Server
from kit.runtime import collector
from kit.security.identity import Identity

PACKAGE = "eldercare.bench.v1"
METHODS = ("Push", "PushHot")
_STRING, _INT32 = 9, 5
_FIELDS = (("pebble_id", _STRING), ("metres", _INT32), ("note", _STRING))


def _contract() -> None:
    file = descriptor_pb2.FileDescriptorProto(
        name="eldercare/bench/v1/api.proto", package=PACKAGE, syntax="proto3"
    )
    file.dependency.extend(["eldercare/options.proto", "buf/validate/validate.proto"])
    for name in ("PushPebble", "PebblePushed"):
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(_FIELDS, 1):
            message.field.add(name=field, number=number, type=kind, label=1)
        message.field[0].options.Extensions[validate_pb2.field].string.uuid = True
        message.field[1].options.Extensions[validate_pb2.field].int32.gte = 0
        message.field[2].options.Extensions[validate_pb2.field].string.max_len = 200
    message.options.Extensions[options_pb2.event].CopyFrom(
        options_pb2.Event(topic="pebble", key="pebble_id")
    )
    service = file.service.add(name="Pebbles")
    for name in METHODS:
        method = service.method.add(
            name=name, input_type=f".{PACKAGE}.PushPebble", output_type=f".{PACKAGE}.PebblePushed"
        )
        method.options.Extensions[options_pb2.access].CopyFrom(
            options_pb2.Access(roles=["operator"], writes=True)
        )
    descriptor_pool.Default().Add(file)


def _message(name: str) -> type[Message]:
    found = descriptor_pool.Default().FindMessageTypeByName(f"{PACKAGE}.{name}")
    return message_factory.GetMessageClass(found)


_contract()
PushPebble, PebblePushed = _message("PushPebble"), _message("PebblePushed")
READ = "select version, metres from benchpebble where pebble_id = $1"
CHANGED = "update benchpebble set metres = $1, version = $2 where pebble_id = $3 and version = $4"


class PebbleFields(Protocol):
    """The fields of both messages."""

    pebble_id: str
    metres: int
    note: str


class BenchPebble(TableBase, table=True):
    """The aggregate that is pushed."""

    pebble_id: UUID = Field(primary_key=True)
    version: int = 0
    metres: int = 0


class Pebbles:
    """The same command in both forms."""

    service = f"{PACKAGE}.Pebbles"

    async def Push(self, request: PebbleFields, session: Session, call: Call) -> Message:
        row = await session.get_locked(BenchPebble, UUID(request.pebble_id))
        row.metres += request.metres
        event = PebblePushed(pebble_id=request.pebble_id, metres=row.metres, note=request.note)
        return outbox.emit(session, event, row)

    @idempotency.raw
    async def PushHot(self, request: PebbleFields, session: RawSession, call: Call) -> Message:
        pebble_id = UUID(request.pebble_id)
        row = await session.fetchrow(READ, pebble_id)
        metres, version = row["metres"] + request.metres, row["version"]
        session.write(CHANGED, metres, version + 1, pebble_id, version)
        event = PebblePushed(pebble_id=request.pebble_id, metres=metres, note=request.note)
        return outbox.emit(session, event, sequence=version + 1)


async def _serve(dsn: str, issuer: str, keys_url: str) -> None:
    key = base64.b64encode(bytes(range(32))).decode()
    store = Store(dsn, service="bench", clock=Clock(), vault=KeyRing(f"bench:{key}", None))
    identity = Identity(issuer=issuer, audience="eldercare", keys_url=keys_url)
    server = Server([Pebbles()], store=store, identity=identity)
    address = await server.start()
    collector.settle()  # as a service does when it has started
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(*sys.argv[1:4]))
