"""Who adds an indicator over measures that are declared writes its entry, and no code."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import yaml
from eldercare.datacenter.v1 import api_pb2 as pb

import datacenter
from datacenter import months
from datacenter.counts import queries as counts
from datacenter.figures import queries as figures
from datacenter.indicators.catalogue import catalogue
from datacenter.proofs.flows import compare
from datacenter.testing.callers import an_operator
from datacenter.testing.history import History
from datacenter.testing.records import dispatched, records
from datacenter.testing.villages import CITY
from kit.contracts.clock import Clock
from kit.db.store import Store

MONTH = "2025-03"
# a part by a dimension; a measure of which no figure is made, by itself; a measure of presence, by
# itself and at another level
ADDED = {
    "POP90": {"form": "share", "numerator": "ALIVE_FEMALE", "denominator": "ALIVE", "factor": 100},
    "ST90": {"form": "count", "numerator": "STAFF_CERTIFIED"},
    "FA90": {"form": "share", "numerator": "FACILITIES", "denominator": "ALIVE", "factor": 1000},
    "FA91": {"form": "presence", "numerator": "FACILITIES", "level": 4, "factor": 100},
    "FA92": {"form": "presence", "numerator": "CAREGIVERS", "level": 3, "factor": 100},
}
TEXTS = ("name_zh", "name_en", "dimension", "formula_zh", "formula_en", "source_zh")


def entry(made_of: dict[str, object]) -> dict[str, object]:
    """An entry of the catalogue."""
    whole = made_of | dict.fromkeys(TEXTS, "…") | {"topics": ["elder", "facility", "worker"]}
    known = {"meaning": "…", "unit": "count", "source": "Assumption: ours", "clause": "–"}
    return known | {"confidence": "A", "values": {date(2026, 1, 1): whole}}


def test_an_entry_alone_makes_a_figure_that_is_folded_shown_and_proved(
    store: Store, tmp_path: Path
) -> None:
    package = tmp_path / "datacenter"
    shutil.copytree(Path(datacenter.__file__).parent, package)
    with (package / "standards" / "indicators.yaml").open("a") as entries:
        yaml.safe_dump({code: entry(made_of) for code, made_of in ADDED.items()}, entries)

    done = subprocess.run(
        [sys.executable, __file__, store.dsn],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["differences"] == []
    assert found["city"].keys() == catalogue().keys() | ADDED.keys()
    assert all(found["city"][code][0] > 0 for code in ADDED)


async def _shown(dsn: str) -> list[pb.Figure]:
    """The figures of the city after the events of a history were read."""
    store, month = Store(dsn, service="datacenter", clock=Clock()), months.of_text(MONTH)
    async with store.transaction() as session:
        await dispatched(session, list(records(History(3).grow(60).ordered())))
    async with store.reading() as session:
        counted = await counts.totals(session, an_operator(), [CITY], month, month, date.max)
        present = await counts.presence(session, an_operator(), CITY, month, month)
        known = await figures.sources(session, month)
    await store.close()
    return figures.figures([CITY], range(month, month + 1), counted, present, known)


def main(dsn: str) -> None:
    """What the program of the longer catalogue shows, and what its proof finds."""
    city = {one.code: (one.numerator, one.denominator) for one in asyncio.run(_shown(dsn))}
    found = compare(dsn, CITY, months.of_text(MONTH), date.max)
    sys.stdout.write(json.dumps({"city": city, "differences": found.differences}))


if __name__ == "__main__":
    main(sys.argv[1])
