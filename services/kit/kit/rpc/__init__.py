"""gRPC in and out: deadline, trace, identity, access, constraints, one transaction, and refusals as
rich statuses.

class Elders:
    service = "eldercare.assessment.v1.Elders"
    async def Register(self, request: RegisterElder, session: Session, call: rpc.Call) -> Elder: ...
    @rpc.between
    async def Place(self, request: PlaceOrder, store: Store, call: rpc.Call) -> Order: ...
"""

from kit.rpc.client import Client, NeighbourBroken
from kit.rpc.methods import Call, Method, between, methods_of
from kit.rpc.server import Server

__all__ = ["Call", "Client", "Method", "NeighbourBroken", "Server", "between", "methods_of"]
