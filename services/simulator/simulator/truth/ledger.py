"""Where every fen stands, as the story moved it: what was issued, held, owed, paid, gone, claimed
back, repaid or waived in each county.

Written from the chart of accounts alone (services/subsidy/README.md, Ledger); shares no code with
the subsidy service.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from simulator.truth.measures import Fact
from simulator.truth.payments import CashPaid, Claimed, Repaid, VisitPaid, Waived, Withdrawn
from simulator.truth.vouchers import (
    VoucherHeld,
    VoucherIssued,
    VoucherLapsed,
    VoucherReleased,
    VoucherRestored,
    VoucherUsed,
)
from simulator.world.geography import COUNTIES, COUNTY_DIGITS, county_code

ACCOUNTS = ("fund", "issued", "held", "owed", "paid", "lapsed", "claims", "waived")


class Ledger:
    """Balances in fen: what entered an account less what left it; the fund's is negative, since
    less comes back to it than leaves it.
    """

    def __init__(self) -> None:
        self._sums: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def record(self, fact: Fact) -> None:
        """Moves the money that a fact is about."""
        match fact:
            case VoucherIssued():
                self.move(fact.area_code, "fund", "issued", fact.fen)
            case VoucherHeld():
                self.move(fact.area_code, "issued", "held", fact.fen)
            case VoucherReleased():
                self.move(fact.area_code, fact.source, "issued", fact.fen)
            case VoucherLapsed():
                self.move(fact.area_code, "issued", "lapsed", fact.fen)
            case VoucherRestored():
                self.move(fact.area_code, "lapsed", "issued", fact.fen)
            case VoucherUsed():
                self.move(fact.area_code, "held", "owed", fact.fen)
            case VisitPaid():
                self.move(fact.area_code, "owed", "paid", fact.fen)
            case CashPaid():
                self.move(fact.area_code, "fund", "paid", fact.fen)
            case Claimed():
                self.move(fact.area_code, "paid", "claims", fact.fen)
            case Withdrawn():
                self.move(fact.area_code, "claims", "paid", fact.fen)
            case Repaid():
                self.move(fact.area_code, "claims", "fund", fact.fen)
            case Waived():
                self.move(fact.area_code, "claims", "waived", fact.fen)

    def move(self, area: str, source: str, target: str, fen: int) -> None:
        """Money leaves one account and enters another, in the area of its voucher or payment."""
        sums = self._sums[area[:COUNTY_DIGITS]]
        sums[source] -= fen
        sums[target] += fen

    def balances(self) -> Iterator[tuple[str, str, int]]:
        """(account, area code of the county, fen) of every account in every county."""
        for county in COUNTIES:
            for account in ACCOUNTS:
                yield account, county_code(county), self._sums[county][account]
