"""gRPC in: each method calls one flow or one query."""

from eldercare.facility.v1 import api_pb2 as pb
from eldercare.facility.v1 import events_pb2 as events

from facility.stays import flows, queries
from kit.db.store import Session
from kit.rpc.methods import Call


class Stays:
    service = "eldercare.facility.v1.Stays"

    async def Admit(self, request: pb.AdmitElder, session: Session, call: Call) -> events.StayBegan:
        return await flows.admit(session, request, call.caller)

    async def Discharge(
        self, request: pb.DischargeElder, session: Session, call: Call
    ) -> events.StayEnded:
        return await flows.discharge(session, request, call.caller)

    async def List(self, request: pb.ListStays, session: Session, call: Call) -> pb.StayPage:
        return await queries.stays(session, request, call.caller)
