"""gRPC in: each method is one line that calls a query."""

from eldercare.dispatch.v1 import api_pb2 as pb

from dispatch.catalogue import queries
from kit.db.store import Session
from kit.rpc.methods import Call


class Catalogue:
    service = "eldercare.dispatch.v1.Catalogue"

    async def List(self, request: pb.ListItems, session: Session, call: Call) -> pb.ItemPage:
        return await queries.items(session)
