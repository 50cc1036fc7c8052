"""Whether each service has read and counted every record that was published."""

from simulator.http_client import Json
from simulator.story.story import Story

# of each position, as GET /status answers them
COUNTED = ("applied", "repeated", "foreign", "waiting", "parked", "held", "gaps")


def check_delivery(story: Story, services: Json) -> int:
    """Nothing vanished: what each group has read is what it counted, and it has read all. Returns
    how many records that were.
    """
    records = 0
    for name, status in services.items():
        for position in status.get("positions", ()):
            where = f"{name} on {position['topic']}/{position['partition']}"
            read = position["next"] - position["begin"]
            records += read - position["gaps"]
            counted = sum(position[kind] for kind in COUNTED)
            story.expect(f"records of {where}", counted, read)
            story.expect(f"what {where} reads next", position["next"], position["end"])
        story.expect(f"parked at {name}", status.get("parked"), 0)
    return records
