"""gRPC in: each method is one line that calls a query."""

from eldercare.subsidy.v1 import api_pb2 as pb

from kit.db.store import Session
from kit.rpc.methods import Call
from subsidy.ledger import queries


class Ledger:
    service = "eldercare.subsidy.v1.Ledger"

    async def Balance(
        self, request: pb.GetBalance, session: Session, call: Call
    ) -> pb.TrialBalance:
        return await queries.balance(session, request, call.caller)
