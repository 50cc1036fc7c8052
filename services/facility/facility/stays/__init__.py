"""Stays: who lies in which bed, from when to when."""
