"""Proofs that people ask for: a queue, with progress, result and an end on demand."""
