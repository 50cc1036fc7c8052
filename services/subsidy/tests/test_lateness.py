"""Over two years in which policies change and end: in whatever order facts are waiting, however
late, and however late timers fire, each month gives what its days say, and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, TypeVar

import pytest
import yaml
from google.protobuf.message import Message
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kit.contracts import ids
from kit.contracts.clock import SHANGHAI, Clock
from kit.contracts.standards import GIVEN
from kit.db.personal import KeyRing
from kit.db.store import Store
from subsidy.__main__ import begin
from subsidy.policies.flows import forget
from subsidy.replicas.rules import Hardship, Status
from subsidy.settings import GROUP
from subsidy.testing import an_application, an_approval, an_elder
from testkit.databases import Databases
from testkit.delivery import deliver, fire

FIRST, LAST = date(2026, 1, 5), date(2027, 12, 31)
# versions of both policies by first day, in yuan: of the cash by level, one of them within a month
CASH_YUAN = {
    date(2026, 1, 1): {1: 60, 2: 100, 3: 180, 4: 260},
    date(2026, 8, 1): {2: 90, 4: 300},
    date(2027, 3, 12): {1: 50, 2: 120, 3: 200, 4: 260},
}
CASH_ENDS_ON = date(2027, 10, 5)
VOUCHER_YUAN = {
    date(2026, 1, 1): 800,
    date(2026, 7, 1): 600,
    date(2026, 10, 15): 700,
    date(2027, 2, 1): 900,
}
WRONG = timedelta(days=15)  # after which what was wrong is taken back
Value = TypeVar("Value")
DAYS = st.dates(FIRST, LAST - timedelta(days=60))
_CASH = """
select elder_id, month, sum(fen)::int as fen from (
    select elder_id, month, paid_fen as fen from payment where kind in (2, 3)
    union all select elder_id, month, -claimed_fen from recovery where state <> 6
) as moved group by elder_id, month having sum(fen) <> 0"""
_VOUCHERS = "select elder_id, month, issued_fen from voucher"
_UNBALANCED = """
select area_code from ledger_entry group by area_code having sum(debit_fen) <> sum(credit_fen)"""


class Level(NamedTuple):
    """An approved level. asked_on: of the bureau's own application, before it."""

    level: int
    assessed_on: date
    approved_on: date
    valid_to: date
    asked_on: date | None


class Life(NamedTuple):
    """What is true of an elder, and what was told wrongly. poor: first days in dibao and the first
    days without it, in turn. died_on, gone_on: or None; gone_on: first day outside the city.
    not_dead_on, not_gone_on: days on which that was told of the elder, and taken back WRONG later.
    not_died_on: the day of death that was told at first.
    """

    levels: list[Level]
    poor: list[date]
    died_on: date | None
    gone_on: date | None = None
    not_dead_on: date | None = None
    not_gone_on: date | None = None
    not_died_on: date | None = None


@st.composite
def lives(draw: st.DrawFn) -> Life:
    levels: list[Level] = []
    since = draw(DAYS)
    for _ in range(draw(st.integers(1, 3))):
        ends = since + timedelta(days=draw(st.sampled_from([20, 90, 365])))
        approved_on = since + timedelta(days=draw(st.integers(1, 40)))
        gap = timedelta(days=draw(st.integers(-30, 30)))
        asked = bool(levels) and draw(st.booleans())
        asked_on = levels[-1].valid_to - timedelta(days=10) if asked else None
        if asked_on is not None and asked_on > since:
            asked_on = since
        levels.append(Level(draw(st.integers(1, 4)), since, approved_on, ends, asked_on))
        since = max(ends + gap, approved_on + timedelta(days=1))
    poor = sorted(draw(st.sets(DAYS, max_size=3)))
    died_on = draw(st.none() | st.none() | DAYS)
    if died_on is not None:
        # nobody is assessed or found poor after that
        levels = [one for one in levels if one.approved_on < died_on] or levels[:1]
        died_on = max(died_on, levels[-1].approved_on + timedelta(days=1))
        poor = [day for day in poor if day < died_on]
    last = died_on or LAST
    reported = sorted(draw(st.sets(DAYS, min_size=3, max_size=3)))
    apart = [day for day in reported if day + 3 * WRONG < last and day > FIRST]
    apart = [day for at, day in enumerate(apart) if not at or day - apart[at - 1] > 3 * WRONG]
    kinds = draw(st.permutations(["gone_on", "not_dead_on", "not_gone_on"]))
    # who is gone is not taken for gone or dead
    errors = dict(zip(kinds, apart, strict=False))
    gone_on = errors.get("gone_on")
    errors = {kind: day for kind, day in errors.items() if gone_on is None or day <= gone_on}
    not_died_on = None
    if died_on is not None and draw(st.booleans()):
        not_died_on = died_on - timedelta(days=draw(st.sampled_from([-20, -1, 1, 40])))
    return Life(levels, poor, died_on, **errors, not_died_on=not_died_on)


@pytest.fixture
def changing_policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The numbers above instead of those that come with the service."""
    least = {day.isoformat(): min(amounts) for day, amounts in CASH_YUAN.items()}
    tiers = {day.isoformat(): amounts for day, amounts in CASH_YUAN.items()}
    caps = {FIRST.replace(day=1).isoformat(): 300, CASH_ENDS_ON.isoformat(): 0}
    given = {
        "home-care.least_level": least,
        "home-care.tiers": tiers,
        "home-care.cap": caps,
        "national-voucher.cap": {day.isoformat(): yuan for day, yuan in VOUCHER_YUAN.items()},
    }
    file = tmp_path / "standards.yaml"
    own = {path: {"source": "a test", "values": values} for path, values in given.items()}
    file.write_text(yaml.safe_dump({"subsidy": own}).replace("'", ""))
    monkeypatch.setenv(GIVEN, str(file))
    forget()
    yield
    monkeypatch.undo()
    forget()


@pytest.fixture
def cities(database: Databases, clock_at: Callable[[datetime], Clock], ring: KeyRing) -> Any:
    """`await cities()` = one of its own."""

    async def make() -> Store:
        clock = clock_at(_at(FIRST))
        store = Store(await database(), service="subsidy", clock=clock, vault=ring, pool_size=2)
        await begin(store)
        await fire(store, GROUP)
        return store

    return make


@pytest.mark.timeout(300)
@settings(
    max_examples=2,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(
    people=st.lists(lives(), min_size=12, max_size=12),
    order=st.randoms(use_true_random=False),
)
async def test_each_month_gives_what_its_days_say(
    changing_policies: None, cities: Any, people: list[Life], order: Random
) -> None:
    store = await cities()
    stated = [_events_of(life, order) for life in people]
    names = {elder_id: number for number, (elder_id, _) in enumerate(stated)}
    # waiting on some days: whatever came until then, in any order, and the timers of that time
    waiting = sorted(
        ((at, event) for _, events in stated for at, event in events), key=lambda one: one[0]
    )
    stops = sorted(
        {
            LAST,
            *(
                date.fromordinal(order.randint(FIRST.toordinal(), LAST.toordinal()))
                for _ in range(9)
            ),
        }
    )
    for stop in stops:
        now = [event for at, event in waiting if at <= stop]
        waiting = waiting[len(now) :]
        store.clock.set(_at(stop))
        if order.random() < 0.5:
            await fire(store, GROUP)
        await _hear(store, now, order)
        await fire(store, GROUP)

    async with store.reading() as session:
        driver = await session.driver()
        cash = await driver.fetch(_CASH)
        vouchers = await driver.fetch(_VOUCHERS)
        unbalanced = await driver.fetch(_UNBALANCED)
    await store.close()
    paid = {(names[row["elder_id"]], row["month"]): row["fen"] for row in cash}
    issued = {(names[row["elder_id"]], row["month"]): row["issued_fen"] for row in vouchers}
    due = {
        (number, month): fen
        for number, life in enumerate(people)
        for month, fen in _cash_due(life).items()
    }
    assert paid == due
    living = [
        number
        for number, life in enumerate(people)
        if life.died_on is None and life.gone_on is None
    ]
    wanted = {
        (number, month): fen
        for number in living
        for month, fen in _voucher_due(people[number]).items()
    }
    assert {key: issued.get(key) for key in wanted} == wanted
    assert set(issued.values()) <= {yuan * 100 for yuan in VOUCHER_YUAN.values()}
    assert unbalanced == []


def _at(day: date) -> datetime:
    return datetime.combine(day, time(9), SHANGHAI)


def _events_of(life: Life, order: Random) -> tuple[Any, list[tuple[date, Message]]]:
    """The elder's id, and the facts with the days on which they are waiting."""
    elder_id = ids.new()
    days = {FIRST, *life.poor}
    days |= {day for day in (life.gone_on, life.not_dead_on, life.not_gone_on) if day}
    days |= {day + WRONG for day in (life.not_dead_on, life.not_gone_on) if day}
    states = [(day, _state(elder_id, life, day)) for day in sorted(days)]
    if life.died_on is not None:
        reported_on = max(life.died_on, life.not_died_on or life.died_on)
        if life.not_died_on is not None:
            states.append((reported_on, _state(elder_id, life, reported_on, life.not_died_on)))
        states.append((reported_on, _state(elder_id, life, reported_on, life.died_on)))
    # states of one elder come in their order, each not before the one before
    events: list[tuple[date, Message]] = []
    at = FIRST
    for day, state in states:
        at = max(at, _late(day, order))
        events.append((at, state))
    for one in life.levels:
        application_id = ids.new()
        if one.asked_on:
            asked = an_application(application_id, elder_id, _at(one.asked_on))
            events.append((_late(one.asked_on, order), asked))
        approval = an_approval(
            elder_id,
            one.level,
            valid_from=one.assessed_on,
            valid_to=one.valid_to,
            approved_at=_at(one.approved_on),
            application_id=application_id,
        )
        events.append((_late(one.approved_on, order), approval))
    return elder_id, events


def _late(day: date, order: Random) -> date:
    return min(LAST, day + timedelta(days=order.choice([0, 0, 1, 12, 40, 200])))


def _state(elder_id: Any, life: Life, day: date, died_on: date | None = None) -> Message:
    """What the register says on a day. died_on: where it says so."""
    begun = [first for first in life.poor[::2] if first <= day]
    ends = life.poor[1::2]
    periods = [
        (Hardship.DIBAO, first, ends[at] if at < len(ends) and ends[at] <= day else None)
        for at, first in enumerate(begun)
    ]
    gone_on = life.gone_on if life.gone_on and life.gone_on <= day else None
    effective_on = None
    for since, what in ((life.not_dead_on, "dead"), (life.not_gone_on, "gone")):
        if since is not None and since <= day < since + WRONG:
            died_on, gone_on = (since, gone_on) if what == "dead" else (died_on, since)
        elif since is not None and day == since + WRONG:
            effective_on = since
    if died_on is not None and died_on == life.died_on and life.not_died_on is not None:
        effective_on = min(died_on, life.not_died_on)
    status = Status.MOVED_OUT if gone_on else Status.ALIVE
    return an_elder(
        elder_id,
        hardships=[one for one, _, end in periods if end is None],
        since={one: first for one, first, end in periods if end is None},
        ended=[(one, first, end) for one, first, end in periods if end is not None],
        status=Status.DEAD if died_on else status,
        died_on=died_on,
        moved_out_on=gone_on,
        effective_on=effective_on,
        born_on=date(1955, 1, 1),
    )


async def _hear(store: Store, events: list[Message], order: Random) -> None:
    """States of one elder in their order, all else in any; what refers to an elder who is not known
    waits.
    """
    states = [event for event in events if hasattr(event, "elder")]
    others = [event for event in events if not hasattr(event, "elder")]
    order.shuffle(others)
    cut = order.randint(0, len(others))
    for part in (others[:cut], states, others[cut:]):
        if part:
            await deliver(store, GROUP, *part)


def _cash_due(life: Life) -> dict[str, int]:
    """What each month gives by its first day on which all holds, stated day by day; by the version
    of its first day, where that gives anything.
    """
    found: dict[str, int] = {}
    for day in _days():
        level = _level_on(life, day) or 0
        amounts, former = [
            [yuan for least, yuan in _on(CASH_YUAN, at).items() if level >= least]
            for at in (day, day.replace(day=1))
        ]
        is_given = _is_here(life, day) and _is_poor(life, day) and day < CASH_ENDS_ON
        if is_given and amounts:
            found.setdefault(f"{day:%Y-%m}", (former or amounts)[-1] * 100)
    return found


def _voucher_due(life: Life) -> dict[str, int]:
    found: dict[str, int] = {}
    for day in _days():
        if (_level_on(life, day) or 0) >= 2:
            found.setdefault(f"{day:%Y-%m}", _on(VOUCHER_YUAN, day.replace(day=1)) * 100)
    return found


def _on(versions: Mapping[date, Value], day: date) -> Value:
    return versions[max(first for first in versions if first <= day)]


def _days() -> list[date]:
    return [date(2026, 1, 1) + timedelta(days=at) for at in range(730)]


def _is_here(life: Life, day: date) -> bool:
    alive = life.died_on is None or day <= life.died_on
    return alive and (life.gone_on is None or day < life.gone_on)


def _is_poor(life: Life, day: date) -> bool:
    return sum(edge <= day for edge in life.poor) % 2 == 1


def _level_on(life: Life, day: date) -> int | None:
    held = [one for one in life.levels if one.assessed_on <= day < one.valid_to]
    decided = [one.level for one in held if one.approved_on <= day][-1:]
    found = decided + [one.level for one in held if one.approved_on > day]
    if found:
        return max(found)
    for before, after in zip(life.levels, life.levels[1:], strict=False):
        if before.valid_to <= day < after.assessed_on and after.asked_on:
            # the bureau was asked in time: the next level counts from the end of the last
            return after.level
    return None
