"""What this service can republish."""

from kit.messaging.snapshots import SnapshotSource
from subsidy.policies.flows import published_event
from subsidy.policies.tables import Policy

SNAPSHOT_SOURCES = {"policy": SnapshotSource(Policy, published_event)}
