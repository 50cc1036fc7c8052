"""What the database becomes: the revisions, and behind them what declarations add."""

from datacenter.counts.flows.columns import complete

__all__ = ["complete"]
