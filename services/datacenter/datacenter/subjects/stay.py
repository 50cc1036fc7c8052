"""A stay: an elder lives in a bed."""

from collections.abc import Sequence
from typing import Annotated

from eldercare.facility.v1 import events_pb2 as facility

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects.declaration import State, Subject, When
from datacenter.subjects.groups import Occurrence
from datacenter.subjects.merges import first, least


class Stay(State):
    """What is known of a stay."""

    admitted: Annotated[Occurrence | None, first, "area and month of the admission"] = None
    discharged_month: Annotated[int | None, least, "month of the discharge"] = None


stay = Subject("stay", 8, Stay)


@stay.on(facility.StayBegan, id="stay_id")
def _admitted(event: facility.StayBegan, _: When, __: Limits) -> Stay:
    month = months.of_seconds(event.admitted_at.seconds)
    return Stay(admitted=Occurrence(event.area_code, month))


@stay.on(facility.StayEnded, id="stay_id")
def _discharged(event: facility.StayEnded, _: When, __: Limits) -> Stay:
    return Stay(discharged_month=months.of_seconds(event.discharged_at.seconds))


def _turns(stay: Stay, _: Limits) -> Sequence[int]:
    if stay.admitted is None:
        return ()
    begun, ended = stay.admitted.month, stay.discharged_month
    return (begun,) if ended is None else (begun, max(begun, ended))


def _going_on(stay: Stay, month: int, _: Limits) -> Occurrence | None:
    begun, ended = stay.admitted, stay.discharged_month
    if begun is None or month < begun.month:
        return None
    return begun if ended is None or month < ended else None


stay.stocks(_turns, _going_on).measure("STAYS", "begun and not ended")
