"""gRPC in: each method calls one flow or one query.

What answers personal data leaves an audit record before the answer does; nobody waits for a
reader's connection meanwhile.
"""

from eldercare.assessment.v1 import api_pb2 as pb
from google.api.httpbody_pb2 import HttpBody

from assessment.context import Context
from assessment.imports import flows, queries
from kit.db.store import Session, Store
from kit.rpc.methods import Call, manages_transactions
from kit.security import audit


class Imports:
    service = "eldercare.assessment.v1.Imports"

    def __init__(self, context: Context) -> None:
        self.context = context

    async def Start(self, request: HttpBody, session: Session, call: Call) -> pb.Import:
        return await flows.start(session, request, call.caller, self.context)

    async def List(self, request: pb.ListImports, session: Session, call: Call) -> pb.ImportPage:
        return await queries.imports(session, request, call.caller)

    async def Get(self, request: pb.GetImport, session: Session, call: Call) -> pb.Import:
        return await queries.import_(session, request, call.caller)

    async def Cancel(self, request: pb.CancelImport, session: Session, call: Call) -> pb.Import:
        return await flows.cancel(session, request, call.caller)

    @manages_transactions
    async def FailedRows(self, request: pb.GetImport, store: Store, call: Call) -> HttpBody:
        async with store.reading() as session:
            body = await flows.failed_rows(session, request, call.caller, self.context)
        # who is in the rows has no id here
        detail = f"failed rows of import {request.import_id}"
        await audit.record_read(store, call, [], detail)
        return body
