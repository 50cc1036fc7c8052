"""What events say of facilities, their residents and workers."""

from typing import Any

from eldercare.facility.v1 import events_pb2 as facility

from datacenter.flows.reading.values import Kind, Readers, Said, When
from datacenter.rules import months, places, work
from datacenter.rules.measures import Limits

reads = Readers()


@reads(facility.FacilityOpened, facility.FacilityChanged, facility.FacilityClosed)
def _facility(event: Any, when: When, _: Limits) -> Said:
    state = event.facility
    is_open = int(state.status == facility.Facility.STATUS_OPEN)
    entry = [
        when.month,
        when.sequence,
        when.at,
        state.area_code,
        is_open,
        state.tier,
        state.operation,
        state.beds,
        state.nursing_beds,
    ]
    return [(Kind.FACILITY, state.facility_id, places.knows_state, (entry,))], []


@reads(facility.WorkerRegistered, facility.WorkerChanged, facility.WorkerLeft)
def _worker(event: Any, when: When, _: Limits) -> Said:
    state = event.worker
    counted = int(state.status == facility.Worker.STATUS_ACTIVE and state.caregiver)
    until = months.after(state.certified_until) if state.certified_until else 0
    entry = [when.month, when.sequence, when.at, state.area_code, counted, until]
    return [(Kind.WORKER, state.worker_id, places.knows_state, (entry,))], []


@reads(facility.StayBegan)
def _admitted(event: Any, _: When, __: Limits) -> Said:
    place = [event.area_code, months.of_seconds(event.admitted_at.seconds)]
    return [(Kind.STAY, event.stay_id, work.knows_first, ("b", place))], []


@reads(facility.StayEnded)
def _discharged(event: Any, _: When, __: Limits) -> Said:
    return [
        (
            Kind.STAY,
            event.stay_id,
            work.knows_least,
            ("z", months.of_seconds(event.discharged_at.seconds)),
        )
    ], []
