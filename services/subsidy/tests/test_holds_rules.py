"""How much of a price a voucher pays: laws over all amounts."""

from hypothesis import given
from hypothesis import strategies as st

from kit.contracts.money import share_fen
from subsidy.holds import rules


@given(st.integers(0, 80_000), st.integers(1, 1_000_000), st.sampled_from([0.5, 0.4]))
def test_a_voucher_pays_neither_more_than_its_rest_nor_than_its_share(free, price, share):
    held = rules.held_fen(free, share_fen(price, share))

    assert 0 <= held <= free
    assert held * 2 <= price + 1
