"""Exit codes of a service. Imports nothing: the entry must be cheap to import."""

DRAINED, FAILED, MISCONFIGURED, NOT_DRAINED = 0, 1, 2, 3
HALTED = 128  # a second signal: its number is added
