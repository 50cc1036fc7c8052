"""Who says, who hears, who answers: the tables that tests, README and picture are made from.

`python contracts-tests/topology.py` writes the picture and the table into README.md between their
marks.
"""

from pathlib import Path

# Service → the aggregates it is the only one to say.
SAYS = {
    "assessment": ("elder", "application", "assessment"),
    "subsidy": ("policy", "entitlement", "voucher", "payment"),
    "facility": ("organisation", "facility", "worker", "stay"),
    "dispatch": ("order",),
    "supervision": ("settlement", "complaint"),
    "datacenter": (),
    "gateway": (),
}

EVERYTHING = tuple(topic for topics in SAYS.values() for topic in topics)

# Service → the aggregates it hears.
HEARS = {
    "assessment": (),
    "subsidy": ("elder", "assessment", "organisation", "order", "settlement"),
    "facility": ("elder", "assessment"),
    "dispatch": ("elder", "organisation", "worker"),
    "supervision": ("order", "worker"),
    "datacenter": EVERYTHING,
    "gateway": ("order", "settlement"),
}

# Service → the gRPC services it answers; the gateway turns those with a route into HTTP.
ANSWERS = {
    "assessment": ("Elders", "Imports", "Applications", "Assessments"),
    "subsidy": ("Policies", "Entitlements", "Vouchers", "Payments", "Ledger"),
    "facility": ("Organisations", "Facilities", "Stays", "Workers"),
    "dispatch": ("Catalogue", "Orders"),
    "supervision": ("Audits", "Complaints"),
    "datacenter": ("Boards", "Indicators", "Lineage"),
    "gateway": (),
}

# Calls between services: who calls what, always one deep and between two transactions.
CALLS = (("dispatch", "assessment", "Elders/Contact"), ("dispatch", "subsidy", "Vouchers/Reserve"))

# What each service decides, in a few words.
DECIDES = {
    "assessment": "the level by GB/T 42195-2022, its change rules, publicity",
    "subsidy": "who is entitled to what, how much a voucher holds, what is paid, what is claimed back",
    "facility": "whether a bed is free and a credit code well formed",
    "dispatch": "who visits whom and when",
    "supervision": "whether a visit is believed, and so paid",
    "datacenter": "nothing: it counts, proves and explains",
    "gateway": "who may come in",
}

# (speaker, topic, hearer): each must be seen in the traces of a running city.
EDGES = tuple(
    (speaker, topic, hearer)
    for speaker, topics in SAYS.items()
    for topic in topics
    for hearer, heard in HEARS.items()
    if topic in heard
)

README = Path(__file__).parent.parent / "README.md"


def picture() -> str:
    """The services and their topics as a Mermaid graph; arrows to the data center, which hears
    everything, are one.
    """
    lines = [
        "```mermaid",
        "flowchart LR",
        '  people(["elders, families, officials, firms"]) -->|HTTP| gateway',
    ]
    lines += [f"  gateway -->|gRPC| {service}" for service, answered in ANSWERS.items() if answered]
    for speaker, hearer in sorted(
        {(speaker, hearer) for speaker, _, hearer in EDGES if hearer != "datacenter"}
    ):
        topics = ", ".join(
            topic for said, topic, heard in EDGES if (said, heard) == (speaker, hearer)
        )
        lines.append(f"  {speaker} -.->|{topics}| {hearer}")
    lines += [f"  {caller} ==>|{method}| {answerer}" for caller, answerer, method in CALLS]
    lines += [
        "  everything([all topics]) -.-> datacenter",
        "  datacenter --> board([the regulator's board])",
        "```",
    ]
    return "\n".join(lines)


def table() -> str:
    """Service, what it hears, decides, says, answers."""
    lines = ["| Service | Hears | Decides | Says | Answers |", "| --- | --- | --- | --- | --- |"]
    for service in SAYS:
        heard = (
            "everything"
            if HEARS[service] == EVERYTHING
            else ", ".join(f"`{topic}`" for topic in HEARS[service]) or "–"
        )
        said = ", ".join(f"`{topic}`" for topic in SAYS[service]) or "–"
        answered = ", ".join(ANSWERS[service]) or "HTTP, feed"
        lines.append(
            f"| [`{service}`](services/{service}) | {heard} | {DECIDES[service]} | {said} "
            f"| {answered} |"
        )
    return "\n".join(lines)


def written(text: str) -> str:
    """README with picture and table between their marks."""
    for name, content in (("picture", picture()), ("table", table())):
        before, rest = text.split(f"<!-- {name} -->\n")
        text = (
            f"{before}<!-- {name} -->\n{content}\n<!-- /{name} "
            f"-->{rest.split(f'<!-- /{name} -->')[1]}"
        )
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
