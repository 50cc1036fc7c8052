"""House rules that no import contract can say, read off the source itself; every exception stands
here with its reason.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator

import pytest
from sources import Source, called, dotted, packages, sources

COMMITS = {
    "kit.db.session": "lets go of the objects of a savepoint; the transaction goes on",
    "kit.messaging.consumers": "tells Kafka how far we are, for its lag tools; no transaction",
    "kit.db.raw_session": (
        "several statements of one hot command, at the end of the edge's own connection"
    ),
    "datacenter.counts.flows.rebuild": "a cursor over the archive, read only, needs one",
    "benchmarks.command": "the raw limit that a command is measured against",
}
SPOKEN = {
    "kit.db.store": "the one place where a transaction begins and ends",
    "kit.db.connections": (
        "rolls back what a cancelled task left open, before somebody else takes the connection"
    ),
}
TIMES = {
    "kit.contracts.clock": "the clock",
    "kit.contracts.ids": "the instant inside an id, real time",
    "kit.security.identity": "tokens live in real time",
    "testkit.identity": "tokens live in real time",
    "gateway.issuer": "tokens live in real time",
    "kit.messaging.polled_batch": "freshness is real time since the broker's own stamp",
    "kit.messaging.measuring": "age is real time since the broker's own stamp",
    "kit.observability.metrics": "the instant of an exemplar",
    "testkit.guarded": "certificates live in real time",
    "devservers.new_revision": "the day in the name of a new file",
    "image.proof": "the day of a measurement",
    "simulator.client": "keys of two runs must differ",
}
LUCK = {
    "kit.rpc.idempotency": "a pause between two tries",
    "kit.messaging.polled_batch": "a pause between two tries",
    "kit.observability.traces": "ids of spans",
    "kit.db.migrations": "a pause between two tries",
    "city.box.state": "secrets of a new city",
    "city.cli.service": "a new key",
    "datacenter.testing.story": "seeded examples",
    "benchmarks.datacenter.board": "seeded load",
    "benchmarks.datacenter.lineage": "seeded load",
    "benchmarks.datacenter.projection": "seeded load",
}
TOPICS = {
    "testkit.trial_contract": "a contract made for the kit's own suite",
    "benchmarks.pebbles": "a contract made for the benchmark",
    "benchmarks.outbox": "a topic made for the benchmark",
    "benchmarks.gateway.system": "makes a topic on the broker of the benchmark",
}
MADE_TOPICS = {
    "kit.messaging.outbox": "reads topic and version off the contract",
    "city.operations.topics": "the topics as the contracts declare them",
    "city.box.services": "names of contract packages, no topics",
    "city.box.replicas": "names of contract packages, no topics",
    "benchmarks.gateway.system": "names of contract packages, no topics",
}
BROAD = {
    "kit.messaging": "what becomes of a record is decided, whatever its handler raises",
    "kit.rpc": "told to the caller as INTERNAL, and logged",
    "kit.runtime": "the last one who can tell; a timer that fails is recorded and tried again",
    "kit.db.migrations": "carried out of a thread and raised again in the caller's",
    "datacenter.proofruns.flows": "one run fails and says so; the queue goes on",
}
UNSCOPED = {
    "assessment.assessments.queries.publicity": "results in publicity are public, masked",
    "assessment.assessments.queries._names": "of results that are public, masked",
    "subsidy.policies.queries.policies": "policies belong to nobody",
    "subsidy.entitlements.queries.explanation": (
        "the decision of an entitlement that was found within the caller's scope"
    ),
    "dispatch.orders.queries.received_fen": "receipts of orders found within the caller's scope",
    "datacenter.proofruns.queries.described": "a run that was found within the caller's scope",
    "datacenter.boards.queries.freshness": "how far topics are read belongs to nobody",
    "datacenter.counts.queries.generation": "which generation of counts is shown",
    "datacenter.counts.queries.watermarks": "how new topics are belongs to nobody",
    "datacenter.counts.queries.unapplied": "how many records wait belongs to nobody",
    "datacenter.lineage.queries._judged_as_things": (
        "weighs a moved elder's facts of several areas; only rows of a scoped query are shown"
    ),
    "datacenter.lineage.queries._judged_as_parts": (
        "weighs facts of an organisation in several areas; only rows of a scoped query are shown"
    ),
    "datacenter.lineage.queries._known": (
        "ids of the parts of what was found in rows of a scoped query"
    ),
    "datacenter.proofs.queries.newest": (
        "when a month was proved; the differences shown of it are scoped"
    ),
    "gateway.feed.queries._head": "the head of the feed belongs to nobody",
    "gateway.feed.queries._true_until": "where an epoch of the feed ended belongs to nobody",
    "gateway.issuer.queries.added_users": "demo users of one box, whom the log-in page lists",
    "gateway.issuer.queries.added_user": "demo users of one box, whose caller has no token yet",
    "assessment.elders.queries.contact": "internal: only services ask, and each access is recorded",
}
TOPIC = re.compile(r"eldercare\.[a-z]+\.v\d+")
BEGINS = re.compile(
    r"\s*(begin|commit|rollback|start transaction)( |;|$)(isolation|work|transaction|to "
    r"savepoint|;|$)?",
    re.IGNORECASE,
)


def breaches(
    rule: Callable[[ast.AST], bool], of: Iterable[Source] | None = None
) -> list[tuple[str, str]]:
    """(module, function) of every node that breaks a rule."""
    return [
        (source.name, where)
        for source in (packages() if of is None else of)
        for where, node in source.places()
        if rule(node)
    ]


def excused(name: str, reasons: dict[str, str]) -> bool:
    """True for a module that is named with a reason, or lies in a package that is."""
    return any(name == known or name.startswith(f"{known}.") for known in reasons)


def unexcused(found: list[tuple[str, str]], reasons: dict[str, str]) -> list[str]:
    """Breaches without a reason, and reasons without a breach."""
    wrong = [f"{name}: {where}" for name, where in found if not excused(name, reasons)]
    return wrong + [
        f"{known}: nothing is excused there any more"
        for known in reasons
        if not any(excused(name, {known: ""}) for name, _ in found)
    ]


def ends_a_transaction(node: ast.AST) -> bool:
    what = called(node)
    if what.endswith((".begin", ".begin_nested", ".commit", ".rollback")):
        return True
    if what.endswith(
        ".transaction"
    ):  # the kit's own is `store.transaction()`; any other is a driver's
        return not what.removesuffix(".transaction").endswith("store")
    return False


def tells_the_time(node: ast.AST) -> bool:
    return called(node).endswith(
        (
            "datetime.now",
            "datetime.utcnow",
            "datetime.today",
            "date.today",
            "time.time",
            "time.time_ns",
        )
    )


def draws_lots(node: ast.AST) -> bool:
    modules = ("random", "secrets", "numpy.random")
    if isinstance(node, ast.Import):
        return any(alias.name in modules for alias in node.names)
    return (isinstance(node, ast.ImportFrom) and node.module in modules) or dotted(
        node
    ) == "np.random"


def names_a_topic(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and TOPIC.fullmatch(node.value) is not None
    )


def makes_a_topic(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) and TOPIC.fullmatch(_filled(node)) is not None


def _filled(node: ast.JoinedStr) -> str:
    """The text with a plausible word in each brace."""
    text = "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
    )
    return text.replace("eldercare.{}", "eldercare.word").replace(".{}", ".v1").replace("v{}", "v1")


def patches(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name in ("mock", "unittest.mock", "pytest_mock") for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module in ("mock", "unittest.mock", "pytest_mock") or (
            node.module == "unittest" and any(alias.name == "mock" for alias in node.names)
        )
    if isinstance(node, ast.arg):
        return node.arg == "mocker"
    return called(node) in ("monkeypatch.setattr", "monkeypatch.setitem", "monkeypatch.delattr")


def swallows_everything(node: ast.AST) -> bool:
    """A broad handler that does not raise again at its end, and a broad `suppress`."""
    if called(node).endswith("suppress"):
        return any(_broad(kind) for kind in node.args)  # type: ignore[attr-defined]
    if not isinstance(node, ast.ExceptHandler) or not (node.type is None or _broad(node.type)):
        return False
    return not isinstance(node.body[-1], ast.Raise)


def _broad(kind: ast.AST) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(_broad(one) for one in kind.elts)
    return dotted(kind) in ("Exception", "BaseException")


def bare(function: ast.AST) -> bool:
    """True for a function that selects rows, or gets one, without asking `scoped` whose they
    are.
    """
    scoped = [
        node
        for node in ast.walk(function)
        if called(node).rpartition(".")[2] in ("scoped", "_scoped")
    ]
    inside = {id(inner) for node in scoped for inner in ast.walk(node)}
    passed = {
        node.args[0].id
        for node in scoped
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Name)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id in passed for target in targets):
                inside |= {id(inner) for inner in ast.walk(node.value)}
    reads = [
        node
        for node in ast.walk(function)
        if called(node) in ("select", "session.get", "text") and id(node) not in inside
    ]
    return bool(reads)


def functions(source: Source) -> Iterator[tuple[str, ast.AST]]:
    for where, node in source.places():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{source.name}.{where}.{node.name}".replace("..", "."), node


def judged(rule: Callable[[ast.AST], bool], text: str) -> bool:
    """True where a rule finds fault with a text; `bare` looks at whole functions."""
    return (
        rule(ast.parse(text))
        if rule is bare
        else any(rule(node) for node in ast.walk(ast.parse(text)))
    )


def test_only_the_store_begins_and_commits() -> None:
    assert unexcused(breaches(ends_a_transaction), COMMITS) == []


def test_only_the_store_writes_begin_and_commit_in_sql() -> None:
    found = [
        (source.name, where)
        for source in packages()
        for where, node in source.places()
        if called(node).endswith((".execute", ".fetch", ".fetchval", ".exec"))
        for inner in node.args
        if isinstance(inner, ast.Constant)
        and isinstance(inner.value, str)
        and BEGINS.match(inner.value)  # type: ignore[attr-defined]
    ]

    assert unexcused(found, SPOKEN) == []


def test_only_the_clock_tells_the_time() -> None:
    assert unexcused(breaches(tells_the_time), TIMES) == []


def test_only_the_simulation_draws_lots() -> None:
    found = [breach for breach in breaches(draws_lots) if not breach[0].startswith("simulator")]

    assert unexcused(found, LUCK) == []


def test_nobody_writes_the_name_of_a_topic() -> None:
    assert unexcused(breaches(names_a_topic), TOPICS) == []


def test_nobody_puts_the_name_of_a_topic_together() -> None:
    assert unexcused(breaches(makes_a_topic), MADE_TOPICS) == []


def test_nothing_is_patched() -> None:
    assert breaches(patches, sources()) == []


def test_nothing_swallows_what_it_cannot_repair() -> None:
    assert unexcused(breaches(swallows_everything), BROAD) == []


def test_queries_begin_with_the_callers_scope() -> None:
    asked = [source for source in packages() if "queries" in source.name.split(".")[1:]]
    found = [
        (name, "") for source in asked for name, function in functions(source) if bare(function)
    ]

    assert len(asked) >= 6
    assert unexcused(found, UNSCOPED) == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (ends_a_transaction, "await session.commit()"),
        (ends_a_transaction, "async with driver.transaction(): ..."),
        (tells_the_time, "datetime.now(UTC)"),
        (tells_the_time, "time.time()"),
        (draws_lots, "from random import Random"),
        (names_a_topic, "topic = 'eldercare.elder.v1'"),
        (makes_a_topic, "f'eldercare.{topic}.v1'"),
        (patches, "import unittest.mock"),
        (patches, "monkeypatch.setattr(clock, 'now', 1)"),
        (swallows_everything, "try: pass\nexcept Exception as error: log(error)"),
        (swallows_everything, "with suppress(OSError, Exception): pass"),
        (bare, "async def elders(): return select(Elder)"),
        (bare, "async def elder(): return await session.get(Elder, 1)"),
    ],
)
def test_each_rule_sees_its_breach(rule: Callable[[ast.AST], bool], text: str) -> None:
    assert judged(rule, text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (ends_a_transaction, "async with self.store.transaction() as session: ..."),
        (names_a_topic, "'eldercare.assessment.v1.Elders/Contact'"),
        (swallows_everything, "try: pass\nexcept Exception:\n    undo()\n    raise"),
        (bare, "async def elders(): return scoped(select(Elder), caller, area=Elder.area_code)"),
        (
            bare,
            "async def sums():\n    asked = select(func.sum(Entry.fen))\n    return "
            "scoped(asked, caller, area=Entry.area_code)",
        ),
    ],
)
def test_no_rule_sees_what_is_allowed(rule: Callable[[ast.AST], bool], text: str) -> None:
    assert not judged(rule, text)
