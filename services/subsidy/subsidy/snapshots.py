"""What this service can say again."""

from kit.messaging.snapshots import SnapshotSource
from subsidy.flows.policies import published_event
from subsidy.tables import Policy

SNAPSHOT_SOURCES = {"policy": SnapshotSource(Policy, published_event)}
