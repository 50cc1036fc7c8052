"""gRPC in: each method is one line that calls a flow or a query."""

from eldercare.subsidy.v1 import api_pb2 as pb
from eldercare.subsidy.v1.events_pb2 import EntitlementReapplied, EntitlementRefused

from kit.db.store import Session
from kit.rpc.methods import Call
from subsidy.entitlements import queries
from subsidy.entitlements.flows import refusing


class Entitlements:
    service = "eldercare.subsidy.v1.Entitlements"

    async def Refuse(
        self, request: pb.RefuseEntitlement, session: Session, call: Call
    ) -> EntitlementRefused:
        return await refusing.refuse(session, request, call)

    async def Reapply(
        self, request: pb.ReapplyForEntitlement, session: Session, call: Call
    ) -> EntitlementReapplied:
        return await refusing.reapply(session, request, call)

    async def Get(self, request: pb.GetEntitlement, session: Session, call: Call) -> pb.Entitlement:
        return await queries.entitlement(session, request, call.caller)

    async def Explain(
        self, request: pb.GetEntitlement, session: Session, call: Call
    ) -> pb.Explanation:
        return await queries.explanation(session, request, call.caller)

    async def List(
        self, request: pb.ListEntitlements, session: Session, call: Call
    ) -> pb.EntitlementPage:
        return await queries.entitlements(session, request, call.caller)
