"""Proofs: a month counted anew from the archive by other means, compared with what is shown."""
