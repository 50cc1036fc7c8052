"""After an upgrade: counts that another program made are made anew from the archive, by the rules
that run now, without anybody's doing.

While releases run beside each other, each counts by its own rules. So every batch notes whether all
that is shown was counted by one set of rules (`projection.counted_by`, up to `counted_to`); a
program of other rules, or one that knows of no such note, leaves that mark behind the last batch.
Each replica looks for it and rebuilds, in a process of its own. Rules that nobody runs any more
have no batches, so the counts end as those who stay count, whichever way a rollout went.
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

from datacenter.counts.measures import COLUMNS
from datacenter.indicators.catalogue import limits
from kit.db.store import Session

# all that decides what an event counts as; test_renewing.py compares it with what the fold imports
SOURCES = (
    "subjects",
    "counts/flows/folding.py",
    "counts/rollup.py",
    "months.py",
)
# the number of the next batch, the generation that is shown, and whether all of it was counted by
# these rules
NUMBER = """
update projection set batch = batch + 1,
counted_by = case when batch = 0 then $1 else counted_by end,
counted_to = case when batch = 0 or counted_by = $1 and counted_to = batch then batch + 1
    else counted_to end
returning batch, live, counted_by = $1 and counted_to = batch"""

_OUTDATED = (
    "select batch > 0 and (counted_by is distinct from $1 or counted_to < batch) from projection"
)


@cache
def counted_by() -> str:
    """Names the rules by which this program counts: a digest of their sources without comments,
    docstrings and layout, and one of the columns and the norms' numbers.
    """
    folder = resources.files("datacenter")
    rules = sha256()
    for name in SOURCES:
        for source in _sources(folder.joinpath(name)):
            rules.update(normal(source.read_text("utf-8")).encode())
    given = json.dumps([COLUMNS, asdict(limits())], sort_keys=True)
    return f"{rules.hexdigest()[:12]}+{sha256(given.encode()).hexdigest()[:8]}"


def normal(source: str) -> str:
    """A module without what changes nothing: comments, docstrings, layout.

    >>> normal("x = (1 +\\n  2)  # three") == normal("'Sum.'\\nx = 1 + 2")
    True
    """
    module = ast.parse(source)
    for node in ast.walk(module):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and (ast.get_docstring(node, clean=False) is not None):
            node.body = node.body[1:]
    return ast.unparse(module)


def _sources(path: Traversable) -> Iterator[Traversable]:
    if path.is_file():
        if path.name.endswith(".py") and path.name != "__main__.py":
            yield path
        return
    for inner in sorted(path.iterdir(), key=lambda one: one.name):
        yield from _sources(inner)


async def outdated(session: Session) -> bool:
    """Whether anything that is shown was counted by other rules than this program's."""
    return bool(await (await session.driver()).fetchval(_OUTDATED, counted_by()))
