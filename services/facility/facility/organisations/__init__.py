"""Organisations: firms, institutions and associations, and their caregivers' number."""
