"""What callers read of policies."""

from eldercare.subsidy.v1 import api_pb2 as pb
from eldercare.subsidy.v1 import events_pb2 as events
from sqlmodel import col, select

from kit.contracts import wire
from kit.db.store import Session
from kit.security.access import Caller
from subsidy.policies.tables import Policy


async def policies(session: Session, caller: Caller) -> pb.PolicyPage:
    """All versions; nothing in them belongs to anyone."""
    wanted = select(Policy).order_by(col(Policy.policy_code), col(Policy.policy_version))
    rows = (await session.exec(wanted)).all()
    return pb.PolicyPage(rows=[wire.message(events.Policy, row) for row in rows])
