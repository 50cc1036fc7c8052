"""Claims on money that was paid too much: repaid, put off, given up."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from simulator.http_client import Json
from simulator.story.story import Story
from simulator.truth.payments import Claimed, Repaid, Waived
from simulator.world.people import Person

# Assumption: what comes of a claim, and how often; the rest stays open
FATES = (("repaid", 0.5), ("in parts", 0.2), ("put off", 0.1), ("waived", 0.1), ("open", 0.1))
PUT_OFF = timedelta(days=3)
PAGE = 500


@dataclass(slots=True)
class Claim:
    """A claim as the story made it. fen: what is still to come back. of_visit: else of cash.
    not_before: the day until which it was put off.
    """

    person: Person
    month: str
    area_code: str
    fen: int
    of_visit: bool
    not_before: date | None = None

    @property
    def key(self) -> tuple[str, str, bool, int]:
        """What a row of the platform and a claim have in common."""
        return self.person.elder_id, self.month, self.of_visit, self.fen


@dataclass
class Claims:
    """open: those of which something is to come back."""

    open: list[Claim] = field(default_factory=list)


def claim(
    story: Story, person: Person, month: str, area_code: str, fen: int, *, of_visit: bool
) -> Claim:
    """Something was paid too much, and is claimed back for good."""
    story.record(Claimed(month, area_code, fen))
    return come_back(story, person, month, area_code, fen, of_visit=of_visit)


def come_back(
    story: Story, person: Person, month: str, area_code: str, fen: int, *, of_visit: bool
) -> Claim:
    """What was claimed is not contested any more."""
    claimed = Claim(person, month, area_code, fen, of_visit)
    story.state(Claims).open.append(claimed)
    return claimed


async def collect(story: Story) -> None:
    """What comes back today; the platform's list must have the same claims as the story."""
    claims = story.state(Claims)
    due = [one for one in claims.open if not one.not_before or one.not_before <= story.today]
    if not due:
        return
    await story.gateway.quiet()
    rows = await _read(story)
    wanted = Counter(one.key for one in due)
    story.expect("claims that are to come back", Counter(map(_key, rows)), wanted)
    pairs = []
    for row in rows:
        known = next((one for one in due if one.key == _key(row)), None)
        if known:
            due.remove(known)
            pairs.append((known, str(row["recovery_id"])))
    await story.gateway.each(lambda pair: _act(story, *pair), pairs)
    claims.open = [one for one in claims.open if one.fen]


def _key(row: Json) -> tuple[str, str, bool, int]:
    fen = int(row["outstanding_fen"])
    return row["elder_id"], row["month"], bool(row["settlement_id"]), fen


async def _act(story: Story, claim: Claim, recovery_id: str) -> None:
    names, shares = [name for name, _ in FATES], [share for _, share in FATES]
    kind = "visit" if claim.of_visit else "cash"
    rng = story.rng("claim", claim.person.number, claim.month, kind)
    fate = rng.choices(names, shares)[0]
    if fate == "put off" and claim.not_before:
        fate = "repaid"
    path = f"/v1/recoveries/{recovery_id}"
    if fate in ("repaid", "in parts"):
        fen = claim.fen if fate == "repaid" else (claim.fen + 1) // 2
        body: Json = {"repaid_fen": fen, "repaid_on": story.today.isoformat(), "reference": "D-1"}
        await story.gateway.post(story.tokens["office"], f"{path}:repay", body)
        story.record(Repaid(claim.month, claim.area_code, fen))
        claim.fen -= fen
    elif fate == "put off":
        claim.not_before = story.today + PUT_OFF
        body = {"deferred_until": claim.not_before.isoformat(), "reason": "家属外出"}
        await story.gateway.post(story.tokens["office"], f"{path}:defer", body)
    elif fate == "waived":
        body = {"reason": "无遗产可供追回"}
        await story.gateway.post(story.tokens["office"], f"{path}:waive", body)
        story.record(Waived(claim.area_code, claim.fen))
        claim.fen = 0
    story.tally[f"claims {fate}"] += 1


async def _read(story: Story) -> list[Json]:
    rows: list[Json] = []
    after = ""
    while True:
        page = await story.gateway.get(
            story.tokens["office"], "/v1/recoveries", limit=PAGE, after=after, state="STATE_OPEN"
        )
        rows += page["rows"]
        after = page["next"]
        if not after:
            return rows
