"""gRPC in: each method is one line that calls a flow or a query."""

from eldercare.subsidy.v1 import api_pb2 as pb

from kit.db.store import Session
from kit.rpc.methods import Call
from subsidy.holds import flows
from subsidy.vouchers import queries


class Vouchers:
    service = "eldercare.subsidy.v1.Vouchers"

    async def List(self, request: pb.ListVouchers, session: Session, call: Call) -> pb.VoucherPage:
        return await queries.vouchers(session, request, call.caller)

    async def Reserve(
        self, request: pb.ReserveVoucher, session: Session, call: Call
    ) -> pb.Reservation:
        return await flows.reserve(session, request, session.store.clock.real())
