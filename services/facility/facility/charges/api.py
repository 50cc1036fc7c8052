"""gRPC in: each method calls one flow or one query."""

from eldercare.facility.v1 import api_pb2 as pb

from facility.charges import flows, queries
from kit.db.store import Session
from kit.rpc.methods import Call


class Charges:
    service = "eldercare.facility.v1.Charges"

    async def DeclareFee(
        self, request: pb.DeclareStayFee, session: Session, call: Call
    ) -> pb.StayFee:
        return await flows.declare(session, request, call.caller)

    async def ListFees(
        self, request: pb.GetFacility, session: Session, call: Call
    ) -> pb.StayFeePage:
        return await queries.fees(session, request, call.caller)

    async def Decide(
        self, request: pb.DecideOnStayCharge, session: Session, call: Call
    ) -> pb.StayCharge:
        return await flows.decide(session, request, call.caller)

    async def Receipt(
        self, request: pb.ReceiptStayShare, session: Session, call: Call
    ) -> pb.StayCharge:
        return await flows.receipt(session, request, call.caller)

    async def Get(self, request: pb.GetStayCharge, session: Session, call: Call) -> pb.StayCharge:
        return await queries.charge(session, request, call.caller)

    async def List(
        self, request: pb.ListStayCharges, session: Session, call: Call
    ) -> pb.StayChargePage:
        return await queries.charges(session, request, call.caller)
