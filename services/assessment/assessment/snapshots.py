"""What this service can publish again."""

from eldercare.assessment.v1 import events_pb2 as events

from assessment.elders.queries import public
from assessment.elders.rules import Status
from assessment.elders.tables import Elder
from kit.messaging.snapshots import SnapshotSource


def _elder(row: Elder) -> events.ElderRegistered | events.ElderChanged | events.ElderDied:
    state = public(row)
    if row.status is Status.DEAD:
        return events.ElderDied(elder=state)
    if row.version == 1:
        return events.ElderRegistered(elder=state)
    return events.ElderChanged(elder=state)


SNAPSHOT_SOURCES = {"elder": SnapshotSource(Elder, _elder)}
