"""gRPC in: each method is one line that calls a flow or a query."""

from eldercare.subsidy.v1 import api_pb2 as pb
from eldercare.subsidy.v1.events_pb2 import EntitlementRefused

from kit.db.store import Session
from kit.rpc.methods import Call
from subsidy import queries
from subsidy.flows import entitlements, vouchers


class Policies:
    service = "eldercare.subsidy.v1.Policies"

    async def List(self, request: pb.ListPolicies, session: Session, call: Call) -> pb.PolicyPage:
        return await queries.policies(session, call.caller)


class Entitlements:
    service = "eldercare.subsidy.v1.Entitlements"

    async def Refuse(
        self, request: pb.RefuseEntitlement, session: Session, call: Call
    ) -> EntitlementRefused:
        return await entitlements.refuse(session, request, call)

    async def Get(self, request: pb.GetEntitlement, session: Session, call: Call) -> pb.Entitlement:
        return await queries.entitlement(session, request, call.caller)

    async def Explain(
        self, request: pb.GetEntitlement, session: Session, call: Call
    ) -> pb.Explanation:
        return await queries.explanation(session, request, call.caller)

    async def List(
        self, request: pb.ListEntitlements, session: Session, call: Call
    ) -> pb.EntitlementPage:
        return await queries.entitlements(session, request, call.caller)


class Vouchers:
    service = "eldercare.subsidy.v1.Vouchers"

    async def List(self, request: pb.ListVouchers, session: Session, call: Call) -> pb.VoucherPage:
        return await queries.vouchers(session, request, call.caller)

    async def Reserve(
        self, request: pb.ReserveVoucher, session: Session, call: Call
    ) -> pb.Reservation:
        return await vouchers.reserve(session, request, session.store.clock.real())


class Payments:
    service = "eldercare.subsidy.v1.Payments"

    async def List(self, request: pb.ListPayments, session: Session, call: Call) -> pb.PaymentPage:
        return await queries.payments(session, request, call.caller)


class Ledger:
    service = "eldercare.subsidy.v1.Ledger"

    async def Balance(
        self, request: pb.GetBalance, session: Session, call: Call
    ) -> pb.TrialBalance:
        return await queries.balance(session, request, call.caller)
