"""gRPC in: each method calls one flow or one query."""

from eldercare.datacenter.v1 import api_pb2 as pb

from datacenter.figures.queries import asked_month, visible_area
from datacenter.proofruns import queries
from datacenter.proofruns.flows import running
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.rpc.methods import Call


class ProofRuns:
    service = "eldercare.datacenter.v1.ProofRuns"

    async def Start(self, request: pb.StartProof, session: Session, call: Call) -> pb.ProofRun:
        area = visible_area(call.caller, request.area_code)
        month = asked_month(request.month, "month", local_day(call.now))
        run = await running.start(session, area.code, month)
        return await queries.described(session, run, call.caller)

    async def Get(self, request: pb.GetProofRun, session: Session, call: Call) -> pb.ProofRun:
        return await queries.run(session, request, call.caller)

    async def Cancel(self, request: pb.CancelProofRun, session: Session, call: Call) -> pb.ProofRun:
        run = await running.cancel(session, request, call.caller)
        return await queries.described(session, run, call.caller)
