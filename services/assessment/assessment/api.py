"""gRPC in: each method calls one flow or one query.

What answers personal data leaves an audit record before the answer does; nobody waits for a
reader's connection meanwhile.
"""

from eldercare.assessment.v1 import api_pb2 as pb
from eldercare.assessment.v1 import events_pb2 as said
from google.api.httpbody_pb2 import HttpBody

from assessment import queries
from assessment.flows import applications, assessments, elders, imports
from assessment.ground import Ground
from kit.db.store import Session, Store
from kit.rpc.methods import Call, manages_transactions
from kit.security import audit


class Elders:
    service = "eldercare.assessment.v1.Elders"

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    async def Register(
        self, request: pb.RegisterElder, session: Session, call: Call
    ) -> said.ElderRegistered:
        return await elders.register(session, request, call.caller, self.ground)

    async def Change(
        self, request: pb.ChangeElder, session: Session, call: Call
    ) -> said.ElderChanged:
        return await elders.change(session, request, call.caller, self.ground)

    async def ReportDeath(
        self, request: pb.ReportElderDeath, session: Session, call: Call
    ) -> said.ElderDied:
        return await elders.report_death(session, request, call.caller)

    @manages_transactions
    async def Get(self, request: pb.GetElder, store: Store, call: Call) -> pb.ElderRecord:
        async with store.reading() as session:
            told = await queries.elder(session, request, call.caller, self.ground)
        await audit.record_read(store, call, [told.elder.elder_id], "file")
        return told

    @manages_transactions
    async def List(self, request: pb.ListElders, store: Store, call: Call) -> pb.ElderPage:
        async with store.reading() as session:
            page = await queries.elders(session, request, call.caller, self.ground)
        await audit.record_read(store, call, [row.elder.elder_id for row in page.rows], "list")
        return page

    @manages_transactions
    async def Contact(self, request: pb.GetElder, store: Store, call: Call) -> pb.ElderContact:
        async with store.transaction() as session:
            return await queries.contact(session, request, call, self.ground)


class Imports:
    service = "eldercare.assessment.v1.Imports"

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    async def Start(self, request: HttpBody, session: Session, call: Call) -> pb.Import:
        return await imports.start(session, request, call.caller, self.ground)

    async def Get(self, request: pb.GetImport, session: Session, call: Call) -> pb.Import:
        return await queries.told(
            session, await queries.import_of(session, request, call.caller), call.caller
        )

    @manages_transactions
    async def FailedRows(self, request: pb.GetImport, store: Store, call: Call) -> HttpBody:
        async with store.reading() as session:
            told = await imports.failed_rows(session, request, call.caller, self.ground)
        await audit.record_read(
            store, call, [], f"failed rows of import {request.import_id}"
        )  # who is in them has no id here
        return told


class Applications:
    service = "eldercare.assessment.v1.Applications"

    async def Submit(
        self, request: pb.SubmitApplication, session: Session, call: Call
    ) -> said.ApplicationSubmitted:
        return await applications.submit(session, request, call.caller)

    async def Withdraw(
        self, request: pb.WithdrawApplication, session: Session, call: Call
    ) -> said.ApplicationWithdrawn:
        return await applications.withdraw(session, request, call.caller)

    async def Assign(
        self, request: pb.AssignAssessors, session: Session, call: Call
    ) -> said.AssessorsAssigned:
        return await applications.assign(session, request, call.caller)

    async def Get(self, request: pb.GetApplication, session: Session, call: Call) -> pb.Application:
        return await queries.application(session, request, call.caller)

    async def List(
        self, request: pb.ListApplications, session: Session, call: Call
    ) -> pb.ApplicationPage:
        return await queries.applications(session, request, call.caller)


class Assessments:
    service = "eldercare.assessment.v1.Assessments"

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    async def Complete(
        self, request: pb.CompleteAssessment, session: Session, call: Call
    ) -> said.AssessmentCompleted:
        return await assessments.complete(session, request, call.caller, self.ground)

    async def Approve(
        self, request: pb.ApproveAssessment, session: Session, call: Call
    ) -> said.AssessmentApproved:
        return await assessments.approve(session, request, call.caller, self.ground)

    async def Appeal(
        self, request: pb.AppealAssessment, session: Session, call: Call
    ) -> said.AssessmentAppealed:
        return await assessments.appeal(session, request, call.caller)

    async def Get(self, request: pb.GetAssessment, session: Session, call: Call) -> pb.Assessment:
        return await queries.assessment(session, request, call.caller)

    async def List(
        self, request: pb.ListAssessments, session: Session, call: Call
    ) -> pb.AssessmentPage:
        return await queries.assessments(session, request, call.caller)
