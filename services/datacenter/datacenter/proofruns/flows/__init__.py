"""Asks for proofs, works the queue off, and asks by itself each day."""
