"""A member of a group whose name lasts over restarts, and what it takes over from its predecessor.

Kafka gives such a member the partitions of its predecessor and asks nobody (KIP-345): a release
that reads one topic more would never get it, and one that reads a topic less would be given what it
does not read. A member that sees this coming has its predecessor leave, so that the group
distributes anew. The admin clients of aiokafka and confluent-kafka cannot remove a member; these
are the two requests that do it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaError,
    UnknownMemberIdError,
    for_code,
)
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.group import LeaveGroupRequest

from kit.messaging.bootstrap import Bootstrap
from kit.observability.logs import log

STABLE = "Stable"
_ID_CHARACTERS = 37  # a hyphen and a UUID, behind the lasting name


@dataclass(frozen=True)
class Group:
    """A group as Kafka tells it. members: their ids. topics: those of which somebody has a
    partition; known only while the group is not distributing.
    """

    is_stable: bool
    members: Collection[str]
    topics: Collection[str]

    def predecessor_of(self, name: str) -> str | None:
        """The id of the member that bears a lasting name."""
        return next((one for one in self.members if one[:-_ID_CHARACTERS] == name), None)


async def take_place(kafka: Bootstrap, group: str, name: str, topics: Collection[str]) -> None:
    """Before a member joins under its lasting name: where the group reads other topics than it
    does, its predecessor leaves. A broker that cannot tell of groups keeps no lasting members.
    Raises: KafkaError, OSError.
    """
    client = AIOKafkaClient(**kafka.aiokafka())
    try:
        await client.bootstrap()
        node = await client.coordinator_lookup(CoordinationType.GROUP, group)
        found = await _described(client, node, group)
        predecessor = found.predecessor_of(name)
        if predecessor is None or not found.is_stable or set(found.topics) == set(topics):
            return
        answer = await client.send(node, LeaveGroupRequest(group, predecessor))
        _raise_for(answer.error_code, but=UnknownMemberIdError)
        log.info("the predecessor left its group", group=group, member=name)
    except IncompatibleBrokerVersion:
        return
    finally:
        await client.close()


async def _described(client: AIOKafkaClient, node: int, group: str) -> Group:
    answer = await client.send(node, DescribeGroupsRequest([group]))
    [described] = answer.to_object()["groups"]
    _raise_for(described["error_code"])
    members = described["members"]
    assigned = [
        ConsumerProtocol.ASSIGNMENT.decode(member["member_assignment"])
        for member in members
        if member["member_assignment"]
    ]
    return Group(
        is_stable=described["state"] == STABLE,
        members=[member["member_id"] for member in members],
        topics={topic for one in assigned for topic, _ in one.assignment},
    )


def _raise_for(code: int, but: type[KafkaError] | None = None) -> None:
    error = for_code(code)
    if code and error is not but:
        raise error()
