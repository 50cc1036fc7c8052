"""Runs over the whole population, in chunks that survive a kill."""
