"""Every event of every service comes in here: all are kept, and those that are in a figure are
counted.
"""

from collections.abc import Sequence

from google.protobuf.message import Message

from datacenter.archive.events import KINDS
from datacenter.counts.flows.projection import new_ids, project
from kit.db.store import Session
from kit.messaging.subscriptions import Fact, on_batch, subscriptions_of

GROUP = "datacenter"
# a batch makes tens of thousands of objects that die with it; the usual 700 costs a tenth
COLLECTED_AFTER = (100_000, 50, 100)


@on_batch(*KINDS.values(), group=GROUP)
async def count(events: Sequence[tuple[Message, Fact]], session: Session) -> None:
    """Keeps and counts a batch."""
    await project(events, session)


async def keep(session: Session, facts: Sequence[Fact]) -> set[str]:
    """The kit's archive hook: which facts are new. Known types are kept by `count`, one write for
    both; types of a newer release here.
    """
    new = await new_ids(session, facts)
    strange = [
        (None, fact)
        for fact in facts
        if fact.id in new and fact.type not in subscriptions_of(GROUP)
    ]
    if strange:
        await project(strange, session)
    return new
