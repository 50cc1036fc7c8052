"""What this service can say again."""

from kit.messaging.snapshots import Master
from subsidy.flows.policies import published_event
from subsidy.tables import Policy

MASTERS = {"policy": Master(Policy, published_event)}
