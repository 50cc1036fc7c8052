"""gRPC in: each method is one line that calls a flow or a query."""

from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1 import events_pb2 as events

from kit.db.store import Session
from kit.rpc.methods import Call
from supervision.complaints import flows, queries


class Complaints:
    service = "eldercare.supervision.v1.Complaints"

    async def File(
        self, request: pb.FileComplaint, session: Session, call: Call
    ) -> events.ComplaintFiled:
        return await flows.file(session, request, call.caller)

    async def Close(
        self, request: pb.CloseComplaint, session: Session, call: Call
    ) -> events.ComplaintClosed:
        return await flows.close(session, request, call.caller)

    async def List(
        self, request: pb.ListComplaints, session: Session, call: Call
    ) -> pb.ComplaintPage:
        return await queries.complaints(session, request, call.caller)
