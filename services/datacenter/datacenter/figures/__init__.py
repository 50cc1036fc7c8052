"""Figures of areas and months, out of the counts."""
