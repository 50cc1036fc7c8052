"""gRPC in: each method is one line that calls a flow or a query."""

from eldercare.subsidy.v1 import api_pb2 as pb

from kit.db.store import Session
from kit.rpc.methods import Call
from subsidy.recoveries import queries
from subsidy.recoveries.flows import collecting


class Recoveries:
    service = "eldercare.subsidy.v1.Recoveries"

    async def Open(self, request: pb.OpenRecovery, session: Session, call: Call) -> pb.Recovery:
        return await collecting.raise_claim(session, request, call.caller)

    async def Repay(self, request: pb.RepayRecovery, session: Session, call: Call) -> pb.Recovery:
        return await collecting.repay(session, request, call.caller)

    async def Defer(self, request: pb.DeferRecovery, session: Session, call: Call) -> pb.Recovery:
        return await collecting.defer(session, request, call.caller)

    async def Waive(self, request: pb.WaiveRecovery, session: Session, call: Call) -> pb.Recovery:
        return await collecting.waive(session, request, call.caller)

    async def Get(self, request: pb.GetRecovery, session: Session, call: Call) -> pb.Recovery:
        return await queries.recovery(session, request, call.caller)

    async def List(
        self, request: pb.ListRecoveries, session: Session, call: Call
    ) -> pb.RecoveryPage:
        return await queries.recoveries(session, request, call.caller)
