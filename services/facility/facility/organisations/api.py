"""gRPC in: each method calls one flow or one query."""

from eldercare.facility.v1 import api_pb2 as pb
from eldercare.facility.v1 import events_pb2 as events

from facility.context import Context
from facility.organisations import flows, queries
from kit.db.store import Session
from kit.rpc.methods import Call


class Organisations:
    service = "eldercare.facility.v1.Organisations"

    def __init__(self, context: Context) -> None:
        self.context = context

    async def Register(
        self, request: pb.RegisterOrganisation, session: Session, call: Call
    ) -> events.OrganisationRegistered:
        return await flows.register(session, request, call.caller, self.context)

    async def Change(
        self, request: pb.ChangeOrganisation, session: Session, call: Call
    ) -> events.OrganisationChanged:
        return await flows.change(session, request, call.caller, self.context)

    async def Suspend(
        self, request: pb.SuspendOrganisation, session: Session, call: Call
    ) -> events.OrganisationChanged:
        return await flows.suspend(session, request, call.caller)

    async def Resume(
        self, request: pb.ResumeOrganisation, session: Session, call: Call
    ) -> events.OrganisationChanged:
        return await flows.resume(session, request, call.caller)

    async def Close(
        self, request: pb.CloseOrganisation, session: Session, call: Call
    ) -> events.OrganisationChanged:
        return await flows.close(session, request, call.caller)

    async def ListChanges(
        self, request: pb.GetOrganisation, session: Session, call: Call
    ) -> pb.OrganisationChangePage:
        return await queries.changes(session, request, call.caller)

    async def Get(
        self, request: pb.GetOrganisation, session: Session, call: Call
    ) -> events.Organisation:
        return await queries.organisation(session, request, call.caller)

    async def List(
        self, request: pb.ListOrganisations, session: Session, call: Call
    ) -> pb.OrganisationPage:
        return await queries.organisations(session, request, call.caller)

    async def GetStaffing(
        self, request: pb.GetOrganisation, session: Session, call: Call
    ) -> pb.Staffing:
        return await queries.staffing(session, request, call.caller)
