"""gRPC in: each method is one line that calls a flow or a query."""

from eldercare.facility.v1 import api_pb2 as pb
from eldercare.facility.v1 import events_pb2 as said

from facility import queries
from facility.flows import facilities, organisations, stays, workers
from facility.ground import Ground
from kit.db.store import Session
from kit.rpc.methods import Call


class Organisations:
    service = "eldercare.facility.v1.Organisations"

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    async def Register(
        self, request: pb.RegisterOrganisation, session: Session, call: Call
    ) -> said.OrganisationRegistered:
        return await organisations.register(session, request, call.caller, self.ground)

    async def Get(
        self, request: pb.GetOrganisation, session: Session, call: Call
    ) -> said.Organisation:
        return await queries.organisation(session, request, call.caller)

    async def List(
        self, request: pb.ListOrganisations, session: Session, call: Call
    ) -> pb.OrganisationPage:
        return await queries.organisations(session, request, call.caller)

    async def GetStaffing(
        self, request: pb.GetOrganisation, session: Session, call: Call
    ) -> pb.Staffing:
        return await queries.staffing(session, request, call.caller, self.ground)


class Facilities:
    service = "eldercare.facility.v1.Facilities"

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    async def Open(
        self, request: pb.OpenFacility, session: Session, call: Call
    ) -> said.FacilityOpened:
        return await facilities.open_(session, request, call.caller, self.ground)

    async def Close(
        self, request: pb.CloseFacility, session: Session, call: Call
    ) -> said.FacilityClosed:
        return await facilities.close(session, request, call.caller)

    async def Get(self, request: pb.GetFacility, session: Session, call: Call) -> said.Facility:
        return await queries.facility(session, request, call.caller)

    async def List(
        self, request: pb.ListFacilities, session: Session, call: Call
    ) -> pb.FacilityPage:
        return await queries.facilities(session, request, call.caller)

    async def ListBeds(self, request: pb.GetFacility, session: Session, call: Call) -> pb.BedPage:
        return await queries.beds(session, request, call.caller)


class Stays:
    service = "eldercare.facility.v1.Stays"

    async def Admit(self, request: pb.AdmitElder, session: Session, call: Call) -> said.StayBegan:
        return await stays.admit(session, request, call.caller)

    async def Discharge(
        self, request: pb.DischargeElder, session: Session, call: Call
    ) -> said.StayEnded:
        return await stays.discharge(session, request, call.caller)

    async def List(self, request: pb.ListStays, session: Session, call: Call) -> pb.StayPage:
        return await queries.stays(session, request, call.caller)


class Workers:
    service = "eldercare.facility.v1.Workers"

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    async def Register(
        self, request: pb.RegisterWorker, session: Session, call: Call
    ) -> said.WorkerRegistered:
        return await workers.register(session, request, call.caller, self.ground)

    async def Change(
        self, request: pb.ChangeWorker, session: Session, call: Call
    ) -> said.WorkerChanged:
        return await workers.change(session, request, call.caller)

    async def Leave(self, request: pb.LeaveWorker, session: Session, call: Call) -> said.WorkerLeft:
        return await workers.leave(session, request, call.caller)

    async def Get(self, request: pb.GetWorker, session: Session, call: Call) -> said.Worker:
        return await queries.worker(session, request, call.caller)

    async def List(self, request: pb.ListWorkers, session: Session, call: Call) -> pb.WorkerPage:
        return await queries.workers(session, request, call.caller)
