"""gRPC in: each method calls one flow or one query.

What answers personal data leaves an audit record before the answer does; nobody waits for a
reader's connection meanwhile.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from eldercare.assessment.v1 import api_pb2 as pb
from eldercare.assessment.v1 import events_pb2 as events

from assessment.context import Context
from assessment.elders import flows, queries
from assessment.elders.errors import KnownAlready, LikelyKnown
from assessment.life_events import flows as life_events
from kit.db.store import Session, Store
from kit.rpc.methods import Call, manages_transactions
from kit.security import audit


class Elders:
    service = "eldercare.assessment.v1.Elders"

    def __init__(self, context: Context) -> None:
        self.context = context

    async def Register(
        self, request: pb.RegisterElder, session: Session, call: Call
    ) -> events.ElderRegistered:
        async with _recorded(session, call):
            return await flows.register(session, request, call.caller, self.context)

    async def Change(
        self, request: pb.ChangeElder, session: Session, call: Call
    ) -> events.ElderChanged:
        return await flows.change(session, request, call.caller, self.context)

    async def ReportDeath(
        self, request: pb.ReportElderDeath, session: Session, call: Call
    ) -> events.ElderDied:
        return await life_events.report_death(session, request, call.caller, self.context)

    async def ChangeIdNumber(
        self, request: pb.ChangeElderIdNumber, session: Session, call: Call
    ) -> events.ElderChanged:
        async with _recorded(session, call):
            return await life_events.change_id_number(session, request, call.caller, self.context)

    @manages_transactions
    async def Get(self, request: pb.GetElder, store: Store, call: Call) -> pb.ElderRecord:
        async with store.reading() as session:
            record = await queries.elder(session, request, call.caller, self.context)
        await audit.record_read(store, call, [record.elder.elder_id], "file")
        return record

    @manages_transactions
    async def List(self, request: pb.ListElders, store: Store, call: Call) -> pb.ElderPage:
        async with store.reading() as session:
            page = await queries.elders(session, request, call.caller, self.context)
        elder_ids = [row.elder.elder_id for row in page.rows]
        await audit.record_read(store, call, elder_ids, "list")
        return page

    @manages_transactions
    async def Contact(self, request: pb.GetElder, store: Store, call: Call) -> pb.ElderContact:
        async with store.transaction() as session:
            return await queries.contact(session, request, call, self.context)


@asynccontextmanager
async def _recorded(session: Session, call: Call) -> AsyncIterator[None]:
    """Notes a refusal that tells that a person is registered, since guessing numbers is a search.
    The transaction of the command itself does not commit.
    """
    try:
        yield
    except (KnownAlready, LikelyKnown) as refused:
        whose = refused.of if isinstance(refused, KnownAlready) else refused.facts["elder_id"]
        await audit.record_read(session.store, call, [whose] if whose else [], "known already")
        raise
