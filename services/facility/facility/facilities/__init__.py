"""Facilities of the three tiers and their beds."""
