"""gRPC in: each method is one line that calls a flow or a query."""

from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1 import events_pb2 as said

from kit.db.store import Session
from kit.rpc.methods import Call
from supervision import flows, queries


class Audits:
    service = "eldercare.supervision.v1.Audits"

    async def Decide(self, request: pb.DecideAudit, session: Session, call: Call) -> pb.Settlement:
        return await flows.decide(session, request, call.caller)

    async def Verify(
        self, request: pb.VerifySettlement, session: Session, call: Call
    ) -> said.SettlementVerified:
        return await flows.verify(session, request, call.caller)

    async def Get(self, request: pb.GetSettlement, session: Session, call: Call) -> pb.Settlement:
        return await queries.settlement(session, request, call.caller)

    async def List(
        self, request: pb.ListSettlements, session: Session, call: Call
    ) -> pb.SettlementPage:
        return await queries.settlements(session, request, call.caller)


class Complaints:
    service = "eldercare.supervision.v1.Complaints"

    async def File(
        self, request: pb.FileComplaint, session: Session, call: Call
    ) -> said.ComplaintFiled:
        return await flows.file(session, request, call.caller)

    async def Close(
        self, request: pb.CloseComplaint, session: Session, call: Call
    ) -> said.ComplaintClosed:
        return await flows.close(session, request, call.caller)

    async def List(
        self, request: pb.ListComplaints, session: Session, call: Call
    ) -> pb.ComplaintPage:
        return await queries.complaints(session, request, call.caller)
