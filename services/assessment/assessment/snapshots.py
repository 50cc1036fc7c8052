"""What this service can say again."""

from eldercare.assessment.v1 import events_pb2 as said

from assessment.flows.elders import public
from assessment.rules import Status
from assessment.tables import Elder
from kit.messaging.snapshots import SnapshotSource


def _elder(row: Elder) -> said.ElderRegistered | said.ElderChanged | said.ElderDied:
    first = said.ElderRegistered if row.version == 1 else said.ElderChanged
    return (said.ElderDied if row.status is Status.DEAD else first)(elder=public(row))


SNAPSHOT_SOURCES = {"elder": SnapshotSource(Elder, _elder)}
