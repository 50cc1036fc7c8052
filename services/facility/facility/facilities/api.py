"""gRPC in: each method calls one flow or one query."""

from eldercare.facility.v1 import api_pb2 as pb
from eldercare.facility.v1 import events_pb2 as events

from facility.context import Context
from facility.facilities import flows, queries
from kit.db.store import Session
from kit.rpc.methods import Call


class Facilities:
    service = "eldercare.facility.v1.Facilities"

    def __init__(self, context: Context) -> None:
        self.context = context

    async def Open(
        self, request: pb.OpenFacility, session: Session, call: Call
    ) -> events.FacilityOpened:
        return await flows.open_(session, request, call.caller, self.context)

    async def Close(
        self, request: pb.CloseFacility, session: Session, call: Call
    ) -> events.FacilityClosed:
        return await flows.close(session, request, call.caller)

    async def Change(
        self, request: pb.ChangeFacility, session: Session, call: Call
    ) -> events.FacilityChanged:
        return await flows.change(session, request, call.caller)

    async def Suspend(
        self, request: pb.SuspendFacility, session: Session, call: Call
    ) -> events.FacilityChanged:
        return await flows.suspend(session, request, call.caller)

    async def Resume(
        self, request: pb.ResumeFacility, session: Session, call: Call
    ) -> events.FacilityChanged:
        return await flows.resume(session, request, call.caller)

    async def ListChanges(
        self, request: pb.GetFacility, session: Session, call: Call
    ) -> pb.FacilityChangePage:
        return await queries.changes(session, request, call.caller)

    async def Get(self, request: pb.GetFacility, session: Session, call: Call) -> events.Facility:
        return await queries.facility(session, request, call.caller)

    async def List(
        self, request: pb.ListFacilities, session: Session, call: Call
    ) -> pb.FacilityPage:
        return await queries.facilities(session, request, call.caller)

    async def ListBeds(self, request: pb.GetFacility, session: Session, call: Call) -> pb.BedPage:
        return await queries.beds(session, request, call.caller)
