"""gRPC in and out: deadline, trace, identity, access, constraints, one transaction, and refusals as
rich statuses.

class Elders:
    service = "eldercare.assessment.v1.Elders"
    async def Register(self, request: RegisterElder, session: Session, call: Call) -> Elder: ...
    @between
    async def Place(self, request: PlaceOrder, store: Store, call: Call) -> Order: ...
"""
