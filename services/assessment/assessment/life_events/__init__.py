"""Dated facts about elders: who reported them, on which document, and what became of them."""
