"""What the data center hears: every event of every service. It keeps them all and counts those that
are in a figure.
"""

from collections.abc import Sequence

from eldercare import options_pb2
from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.facility.v1 import events_pb2 as facility
from eldercare.subsidy.v1 import events_pb2 as subsidy
from eldercare.supervision.v1 import events_pb2 as supervision
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from datacenter.flows.projection import project, unheard
from kit.db.store import Session
from kit.messaging.subscriptions import Fact, on_batch, subscriptions_of

GROUP = "datacenter"
COLLECTED_AFTER = (
    100_000,
    50,
    100,
)  # a batch makes tens of thousands of objects that die with it; the usual 700 costs a tenth
KINDS: dict[str, type[Message]] = {
    message.full_name: GetMessageClass(message)
    for service in (assessment, dispatch, facility, subsidy, supervision)
    for message in service.DESCRIPTOR.message_types_by_name.values()
    if message.GetOptions().HasExtension(options_pb2.event)
}


@on_batch(*KINDS.values(), group=GROUP)
async def count(events: Sequence[tuple[Message, Fact]], session: Session) -> None:
    """Keeps and counts a batch."""
    await project(events, session)


async def keep(session: Session, facts: Sequence[Fact]) -> set[str]:
    """The kit's archive hook: which facts are new. Known types are kept by `count`, one write for
    both; types of a newer release here.
    """
    new = await unheard(session, facts)
    strange = [
        (None, fact)
        for fact in facts
        if fact.id in new and fact.type not in subscriptions_of(GROUP)
    ]
    if strange:
        await project(strange, session)
    return new
