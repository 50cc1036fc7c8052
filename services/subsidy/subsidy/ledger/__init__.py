"""Where every fen stands: double entry, append-only."""
