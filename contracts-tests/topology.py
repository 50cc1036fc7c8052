"""Who publishes, who consumes, who answers: the tables behind tests, README and picture.

`python contracts-tests/topology.py` writes the picture and the table into README.md between their
marks.
"""

from pathlib import Path

# Service → the aggregates it is the only one to publish.
PUBLISHES = {
    "assessment": ("elder", "application", "assessment"),
    "subsidy": ("policy", "entitlement", "voucher", "payment"),
    "facility": ("organisation", "facility", "worker", "stay"),
    "dispatch": ("order",),
    "supervision": ("settlement", "complaint"),
    "datacenter": (),
    "gateway": (),
}

EVERYTHING = tuple(topic for topics in PUBLISHES.values() for topic in topics)

# Service → the aggregates it consumes.
CONSUMES = {
    "assessment": (),
    "subsidy": (
        "elder",
        "application",
        "assessment",
        "organisation",
        "order",
        "settlement",
        "stay",
    ),
    "facility": ("elder", "assessment", "payment"),
    "dispatch": ("elder", "organisation", "worker", "settlement"),
    "supervision": ("order", "worker"),
    "datacenter": EVERYTHING,
    "gateway": ("order", "payment", "settlement", "stay"),
}

# Service → the gRPC services it answers; the gateway turns those with a route into HTTP.
ANSWERS = {
    "assessment": ("Elders", "LifeEvents", "Imports", "Applications", "Assessments"),
    "subsidy": ("Policies", "Entitlements", "Vouchers", "Payments", "Recoveries", "Ledger"),
    "facility": ("Organisations", "Facilities", "Stays", "Charges", "Workers"),
    "dispatch": ("Catalogue", "Orders"),
    "supervision": ("Audits", "Complaints"),
    "datacenter": ("Boards", "Indicators", "ProofRuns", "Lineage"),
    "gateway": (),
}

# Calls between services: who calls what, always one deep and between two transactions.
CALLS = (("dispatch", "assessment", "Elders/Contact"), ("dispatch", "subsidy", "Vouchers/Reserve"))

# What each service decides, in a few words.
DECIDES = {
    "assessment": "the level by GB/T 42195-2022, its change rules, publicity",
    "subsidy": (
        "who is entitled to what, how much a voucher holds, what is paid, what is claimed back"
    ),
    "facility": "whether a bed is free and a credit code well formed",
    "dispatch": "who visits whom and when",
    "supervision": "whether a visit is believed, and so paid",
    "datacenter": "nothing: it counts, proves and explains",
    "gateway": "who may come in",
}

# (publisher, topic, consumer): each must be seen in the traces of a running city.
EDGES = tuple(
    (publisher, topic, consumer)
    for publisher, topics in PUBLISHES.items()
    for topic in topics
    for consumer, topics_of in CONSUMES.items()
    if topic in topics_of
)

README = Path(__file__).parent.parent / "README.md"


def picture() -> str:
    """The services and their topics as a Mermaid graph; arrows to the data center, which
    consumes everything, are one.
    """
    lines = [
        "```mermaid",
        "flowchart LR",
        '  people(["elders, families, officials, firms"]) -->|HTTP| gateway',
    ]
    lines += [f"  gateway -->|gRPC| {service}" for service, answered in ANSWERS.items() if answered]
    for publisher, consumer in sorted(
        {(publisher, consumer) for publisher, _, consumer in EDGES if consumer != "datacenter"}
    ):
        topics = ", ".join(
            topic for source, topic, target in EDGES if (source, target) == (publisher, consumer)
        )
        lines.append(f"  {publisher} -.->|{topics}| {consumer}")
    lines += [f"  {caller} ==>|{method}| {answerer}" for caller, answerer, method in CALLS]
    lines += [
        "  everything([all topics]) -.-> datacenter",
        "  datacenter --> board([the regulator's board])",
        "```",
    ]
    return "\n".join(lines)


def table() -> str:
    """Service, what it consumes, decides, publishes, answers."""
    lines = [
        "| Service | Consumes | Decides | Publishes | Answers |",
        "| --- | --- | --- | --- | --- |",
    ]
    for service in PUBLISHES:
        consumed = (
            "everything"
            if CONSUMES[service] == EVERYTHING
            else ", ".join(f"`{topic}`" for topic in CONSUMES[service]) or "–"
        )
        published = ", ".join(f"`{topic}`" for topic in PUBLISHES[service]) or "–"
        answered = ", ".join(ANSWERS[service]) or "HTTP, feed"
        lines.append(
            f"| [`{service}`](services/{service}) | {consumed} | {DECIDES[service]} | {published} "
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
