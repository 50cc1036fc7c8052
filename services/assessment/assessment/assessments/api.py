"""gRPC in: each method calls one flow or one query."""

from eldercare.assessment.v1 import api_pb2 as pb
from eldercare.assessment.v1 import events_pb2 as events

from assessment.assessments import flows, queries
from assessment.context import Context
from kit.db.store import Session
from kit.rpc.methods import Call


class Assessments:
    service = "eldercare.assessment.v1.Assessments"

    def __init__(self, context: Context) -> None:
        self.context = context

    async def Complete(
        self, request: pb.CompleteAssessment, session: Session, call: Call
    ) -> events.AssessmentCompleted:
        return await flows.complete(session, request, call.caller, self.context)

    async def Sign(
        self, request: pb.SignAssessment, session: Session, call: Call
    ) -> events.AssessmentCompleted:
        return await flows.sign(session, request, call.caller, self.context)

    async def Approve(
        self, request: pb.ApproveAssessment, session: Session, call: Call
    ) -> events.AssessmentApproved:
        return await flows.approve(session, request, call.caller)

    async def Reject(
        self, request: pb.RejectAssessment, session: Session, call: Call
    ) -> events.AssessmentRejected:
        return await flows.reject(session, request, call.caller, self.context)

    async def Publicity(
        self, request: pb.ListPublicity, session: Session, _: Call
    ) -> pb.PublicityPage:
        return await queries.publicity(session, request, self.context)

    async def Calendars(self, _: pb.ListCalendars, session: Session, __: Call) -> pb.CalendarPage:
        return queries.calendars(session)

    async def Appeal(
        self, request: pb.AppealAssessment, session: Session, call: Call
    ) -> events.AssessmentAppealed:
        return await flows.appeal(session, request, call.caller)

    async def Get(self, request: pb.GetAssessment, session: Session, call: Call) -> pb.Assessment:
        return await queries.assessment(session, request, call.caller, self.context)

    async def List(
        self, request: pb.ListAssessments, session: Session, call: Call
    ) -> pb.AssessmentPage:
        return await queries.assessments(session, request, call.caller, self.context)
