"""gRPC in: each method is one line that calls a query."""

from eldercare.subsidy.v1 import api_pb2 as pb

from kit.db.store import Session
from kit.rpc.methods import Call
from subsidy.payments import queries


class Payments:
    service = "eldercare.subsidy.v1.Payments"

    async def List(self, request: pb.ListPayments, session: Session, call: Call) -> pb.PaymentPage:
        return await queries.payments(session, request, call.caller)
