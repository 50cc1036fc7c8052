"""Elders: who they are, where they live, and whether they live."""
