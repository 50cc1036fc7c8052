"""Every event that is in a figure: what it says, and what becomes of it."""

from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from datacenter.flows.reading import people as of_people
from datacenter.flows.reading import places as of_places
from datacenter.flows.reading import work as of_work
from datacenter.flows.reading.values import Kind, Reader, Said, When
from datacenter.rules import people, places, work
from datacenter.rules.measures import Counts, Limits

COUNTS: dict[int, Callable[[dict[str, Any], Limits], Counts]] = {
    Kind.ELDER: people.counts_of,
    Kind.ASSESSMENT: work.assessment_counts,
    Kind.ORDER: work.order_counts,
    Kind.SETTLEMENT: work.settlement_counts,
    Kind.COMPLAINT: work.complaint_counts,
    Kind.FACILITY: places.facility_counts,
    Kind.WORKER: places.worker_counts,
    Kind.STAY: places.stay_counts,
    Kind.APPLICATION: work.application_counts,
}

READERS: dict[str, Reader] = {
    **of_people.reads.by_name,
    **of_places.reads.by_name,
    **of_work.reads.by_name,
}


def read(event: Message, when: When, limits: Limits) -> Said:
    """Notes and own counts of an event; nothing where it is in no figure."""
    reader = READERS.get(event.DESCRIPTOR.full_name)
    return reader(event, when, limits) if reader else ([], [])


def area_of(event: Message) -> str | None:
    """The area code an event happened in."""
    path = _area_path(event.DESCRIPTOR)
    if path is None:
        return None
    found: str = getattr(event, "area_code") if path == "" else getattr(event, path).area_code  # noqa: B009
    return found or None


@cache
def _area_path(kind: Descriptor) -> str | None:
    if "area_code" in kind.fields_by_name:
        return ""
    holders = (
        field.name
        for field in kind.fields
        if field.message_type is not None and "area_code" in field.message_type.fields_by_name
    )
    return next(holders, None)
