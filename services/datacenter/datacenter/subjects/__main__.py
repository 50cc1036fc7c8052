"""`python -m datacenter.subjects` prints the dictionary: what is known of each subject, by what it
may be split, and what is counted. Derived from the declarations, in Markdown.
"""

import re
import sys
from collections.abc import Iterator
from typing import Never

from datacenter.subjects.groups import EventFlows, Group
from datacenter.subjects.registry import event_flows, subjects


def dictionary() -> Iterator[str]:
    """The lines of the dictionary."""
    for subject in subjects():
        yield f"\n## {subject.name}\n\n{(subject.state.__doc__ or '').strip()}\n"
        yield f"Events: {', '.join(name.rpartition('.')[2] for name in subject.readers)}.\n"
        yield "| Field | Type | Merge | Meaning |\n| --- | --- | --- | --- |"
        for field in subject.fields():
            kind = re.sub(r"[\w.]+\.|<class '|'>", "", field.type).replace(" |", " or")
            yield f"| `{field.name}` | {kind} | {field.merge.__name__} | {field.meaning} |"
        for group in subject.groups():
            yield from _measures(group)
    yield "\n## Counted by the event itself"
    for flows_of_event in event_flows():
        yield from _measures(flows_of_event)


def _measures(group: Group[Never]) -> Iterator[str]:
    if isinstance(group, EventFlows):
        yield f"\n{group.event.DESCRIPTOR.name}:"
    if group.dimensions:
        names = (f"{one.name} ({', '.join(one.members)})" for one in group.dimensions)
        yield f"\nDimensions: {'; '.join(names)}."
    yield "\n| Measure | Kind | Meaning |\n| --- | --- | --- |"
    for measure in group.amounts:
        kind = "stock" if measure.is_stock else "flow"
        yield f"| `{measure.name}` | {kind} | {measure.meaning} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(dictionary()) + "\n")
