"""Counts by area and month: folded from the events of a batch, and rebuilt from the archive."""
