"""gRPC in: each method calls one flow or one query."""

from eldercare.facility.v1 import api_pb2 as pb
from eldercare.facility.v1 import events_pb2 as events

from facility.context import Context
from facility.workers import flows, queries
from kit.db.store import Session
from kit.rpc.methods import Call


class Workers:
    service = "eldercare.facility.v1.Workers"

    def __init__(self, context: Context) -> None:
        self.context = context

    async def Register(
        self, request: pb.RegisterWorker, session: Session, call: Call
    ) -> events.WorkerRegistered:
        return await flows.register(session, request, call.caller, self.context)

    async def Change(
        self, request: pb.ChangeWorker, session: Session, call: Call
    ) -> events.WorkerChanged:
        return await flows.change(session, request, call.caller)

    async def Leave(
        self, request: pb.LeaveWorker, session: Session, call: Call
    ) -> events.WorkerLeft:
        return await flows.leave(session, request, call.caller)

    async def Get(self, request: pb.GetWorker, session: Session, call: Call) -> events.Worker:
        return await queries.worker(session, request, call.caller)

    async def List(self, request: pb.ListWorkers, session: Session, call: Call) -> pb.WorkerPage:
        return await queries.workers(session, request, call.caller)
