"""gRPC in: each method is one line that calls a flow or a query."""

from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as events

from dispatch.orders import queries
from dispatch.orders.flows import answers, back_entries, receipts, visits
from dispatch.orders.flows.placing import Placing
from kit.db.raw_session import RawSession
from kit.db.store import Session, Store
from kit.rpc import idempotency
from kit.rpc.methods import Call, manages_transactions


class Orders:
    service = "eldercare.dispatch.v1.Orders"

    def __init__(self, placing: Placing) -> None:
        self.placing = placing

    @manages_transactions
    async def Place(self, request: pb.PlaceOrder, store: Store, call: Call) -> pb.Order:
        return await self.placing.place(request, store, call)

    async def Cancel(
        self, request: pb.CancelOrder, session: Session, call: Call
    ) -> events.OrderCancelled:
        return await answers.cancel(session, request, call.caller)

    async def Accept(
        self, request: pb.AcceptOrder, session: Session, call: Call
    ) -> events.OrderAccepted:
        return await answers.accept(session, request, call.caller)

    async def Decline(
        self, request: pb.DeclineOrder, session: Session, call: Call
    ) -> events.OrderDeclined:
        return await answers.decline(session, request, call.caller)

    @idempotency.raw
    async def CheckIn(
        self, request: pb.CheckInOrder, session: RawSession, call: Call
    ) -> events.OrderStarted:
        return await visits.check_in(session, request, call.caller)

    @idempotency.raw
    async def CheckOut(
        self, request: pb.CheckOutOrder, session: RawSession, call: Call
    ) -> events.OrderFinished:
        return await visits.check_out(session, request, call.caller)

    async def DecideBackEntry(
        self, request: pb.DecideOnBackEntry, session: Session, call: Call
    ) -> pb.BackEntry:
        return await back_entries.decide(session, request, call.caller)

    async def ListBackEntries(
        self, request: pb.AskForBackEntries, session: Session, call: Call
    ) -> pb.BackEntryPage:
        return await queries.back_entries(session, request, call.caller)

    async def FollowUp(
        self, request: pb.FollowUpOrder, session: Session, call: Call
    ) -> events.OrderFollowedUp:
        return await answers.follow_up(session, request, call.caller)

    async def ReceiptShare(
        self, request: pb.ReceiptOwnShare, session: Session, call: Call
    ) -> pb.Receipt:
        return await receipts.receipt(session, request, call.caller)

    async def RefundShare(
        self, request: pb.RefundOwnShare, session: Session, call: Call
    ) -> pb.Receipt:
        return await receipts.refund(session, request, call.caller)

    async def ListReceipts(
        self, request: pb.AskForReceipts, session: Session, call: Call
    ) -> pb.ReceiptPage:
        return await queries.receipts(session, request, call.caller)

    async def Get(self, request: pb.GetOrder, session: Session, call: Call) -> pb.Order:
        return await queries.order(session, request, call.caller)

    async def List(self, request: pb.ListOrders, session: Session, call: Call) -> pb.OrderPage:
        return await queries.orders(session, request, call.caller)

    @manages_transactions
    async def Whereabouts(self, request: pb.GetOrder, store: Store, call: Call) -> pb.HomeAddress:
        # a question that leaves a record behind, so it needs a transaction that writes
        async with store.transaction() as session:
            return await queries.whereabouts(session, request, call)
