"""gRPC in: each method calls one flow or one query."""

from eldercare.assessment.v1 import api_pb2 as pb

from assessment.context import Context
from assessment.life_events import flows, queries
from kit.db.store import Session, Store
from kit.rpc.methods import Call, manages_transactions
from kit.security import audit


class LifeEvents:
    service = "eldercare.assessment.v1.LifeEvents"

    def __init__(self, context: Context) -> None:
        self.context = context

    @manages_transactions
    async def List(self, request: pb.ListLifeEvents, store: Store, call: Call) -> pb.LifeEventPage:
        async with store.reading() as session:
            page = await queries.life_events(session, request, call.caller, self.context)
        elder_ids = sorted({row.elder_id for row in page.rows})
        await audit.record_read(store, call, elder_ids, "life events")
        return page

    async def Confirm(
        self, request: pb.ConfirmLifeEvent, session: Session, call: Call
    ) -> pb.LifeEvent:
        return await flows.confirm(session, request, call.caller, self.context)

    async def Reject(
        self, request: pb.RejectLifeEvent, session: Session, call: Call
    ) -> pb.LifeEvent:
        return await flows.reject(session, request, call.caller, self.context)

    async def Correct(
        self, request: pb.CorrectLifeEvent, session: Session, call: Call
    ) -> pb.LifeEvent:
        return await flows.correct(session, request, call.caller, self.context)
