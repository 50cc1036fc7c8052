"""gRPC in: each method is one line that calls a flow or a query."""

from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1 import events_pb2 as events

from kit.db.store import Session
from kit.rpc.methods import Call
from supervision.settlements import queries
from supervision.settlements.flows import appeals, judging


class Audits:
    service = "eldercare.supervision.v1.Audits"

    async def Decide(self, request: pb.DecideAudit, session: Session, call: Call) -> pb.Settlement:
        return await judging.decide(session, request, call.caller)

    async def Verify(
        self, request: pb.VerifySettlement, session: Session, call: Call
    ) -> events.SettlementVerified:
        return await judging.verify(session, request, call.caller)

    async def Appeal(
        self, request: pb.AppealSettlement, session: Session, call: Call
    ) -> pb.Settlement:
        return await appeals.appeal(session, request, call.caller)

    async def DecideAppeal(
        self, request: pb.DecideOnAppeal, session: Session, call: Call
    ) -> pb.Settlement:
        return await appeals.decide(session, request, call.caller)

    async def Get(self, request: pb.GetSettlement, session: Session, call: Call) -> pb.Settlement:
        return await queries.settlement(session, request, call.caller)

    async def List(
        self, request: pb.ListSettlements, session: Session, call: Call
    ) -> pb.SettlementPage:
        return await queries.settlements(session, request, call.caller)
