"""gRPC in: from figures to events."""

from eldercare.datacenter.v1 import api_pb2 as pb

from datacenter.figures.queries import asked_month
from datacenter.lineage import queries as lineage
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.rpc.methods import Call


class Lineage:
    """From figures to events."""

    service = "eldercare.datacenter.v1.Lineage"

    async def Trace(self, request: pb.TraceFigure, session: Session, call: Call) -> pb.LineagePage:
        """See the contract."""
        asked_month(request.month, "month", local_day(call.now))
        return await lineage.trace(session, call.caller, request)

    async def GetEvent(
        self, request: pb.GetArchivedEvent, session: Session, call: Call
    ) -> pb.ArchivedEvent:
        """See the contract."""
        return await lineage.event(session, call.caller, request)
