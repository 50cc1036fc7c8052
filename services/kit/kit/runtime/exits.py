"""Exit codes of a service. Imports nothing: the entry must be cheap to import."""

DRAINED = 0
FAILED = 1
MISCONFIGURED = 2
NOT_DRAINED = 3
HALTED = 128  # a second signal: its number is added
