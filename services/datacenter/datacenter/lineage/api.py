"""gRPC in: from figures to events.

What tells of elders leaves an audit record before the answer does.
"""

from eldercare.datacenter.v1 import api_pb2 as pb

from datacenter.figures.queries import asked_month
from datacenter.lineage import queries as lineage
from kit.contracts.clock import local_day
from kit.db.store import Store
from kit.rpc.methods import Call, manages_transactions
from kit.security import audit


class Lineage:
    """From figures to events."""

    service = "eldercare.datacenter.v1.Lineage"

    @manages_transactions
    async def Trace(self, request: pb.TraceFigure, store: Store, call: Call) -> pb.LineagePage:
        """See the contract."""
        asked_month(request.month, "month", local_day(call.now))
        async with store.reading() as session:
            found = await lineage.trace(session, call.caller, request)
        if found.elder_ids:
            purpose = f"events of {request.code} in {request.area_code}, {request.month}"
            await audit.record_read(store, call, sorted(found.elder_ids), purpose)
        return found.page

    @manages_transactions
    async def GetEvent(
        self, request: pb.GetArchivedEvent, store: Store, call: Call
    ) -> pb.ArchivedEvent:
        """See the contract."""
        async with store.reading() as session:
            found = await lineage.event(session, call.caller, request)
        if found.elder_ids:
            purpose = f"event {request.event_id}"
            await audit.record_read(store, call, sorted(found.elder_ids), purpose)
        return found.event
