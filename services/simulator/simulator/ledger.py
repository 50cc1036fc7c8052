"""Where every fen stands, as the story moved it: what was issued, held, owed, paid, gone or claimed
back in each county.

Written from the chart of accounts alone (services/subsidy/README.md, Ledger); shares no code with
the subsidy service.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from simulator.people import COUNTIES

ACCOUNTS = ("fund", "issued", "held", "owed", "paid", "lapsed", "claims")
COUNTY_DIGITS = 6


class Ledger:
    """Balances in fen: what entered an account less what left it; the fund's is negative, since
    money only leaves it.
    """

    def __init__(self) -> None:
        self._sums: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def move(self, area: str, source: str, target: str, fen: int) -> None:
        """Money leaves one account and enters another, in the area of its voucher or payment."""
        sums = self._sums[area[:COUNTY_DIGITS]]
        sums[source] -= fen
        sums[target] += fen

    def balances(self) -> Iterator[tuple[str, str, int]]:
        """(account, area code of the county, fen) of every account in every county."""
        for county in COUNTIES:
            for account in ACCOUNTS:
                yield account, f"{county}000000", self._sums[county][account]
