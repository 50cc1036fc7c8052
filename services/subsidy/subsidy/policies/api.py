"""gRPC in: each method is one line that calls a query."""

from eldercare.subsidy.v1 import api_pb2 as pb

from kit.db.store import Session
from kit.rpc.methods import Call
from subsidy.policies import queries


class Policies:
    service = "eldercare.subsidy.v1.Policies"

    async def List(self, request: pb.ListPolicies, session: Session, call: Call) -> pb.PolicyPage:
        return await queries.policies(session, call.caller)
