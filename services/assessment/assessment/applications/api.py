"""gRPC in: each method calls one flow or one query."""

from eldercare.assessment.v1 import api_pb2 as pb
from eldercare.assessment.v1 import events_pb2 as events

from assessment.applications import flows, queries
from kit.db.store import Session
from kit.rpc.methods import Call


class Applications:
    service = "eldercare.assessment.v1.Applications"

    async def Submit(
        self, request: pb.SubmitApplication, session: Session, call: Call
    ) -> events.ApplicationSubmitted:
        return await flows.submit(session, request, call.caller)

    async def Withdraw(
        self, request: pb.WithdrawApplication, session: Session, call: Call
    ) -> events.ApplicationWithdrawn:
        return await flows.withdraw(session, request, call.caller)

    async def Assign(
        self, request: pb.AssignAssessors, session: Session, call: Call
    ) -> events.AssessorsAssigned:
        return await flows.assign(session, request, call.caller)

    async def Get(self, request: pb.GetApplication, session: Session, call: Call) -> pb.Application:
        return await queries.application(session, request, call.caller)

    async def List(
        self, request: pb.ListApplications, session: Session, call: Call
    ) -> pb.ApplicationPage:
        return await queries.applications(session, request, call.caller)
