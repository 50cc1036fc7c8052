"""Debts to organisations, and money that leaves the fund."""
