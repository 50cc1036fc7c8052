"""Results by the norm: level, publicity, doubts, validity."""
