"""Changes of the registers of organisations and facilities, and what both have in common."""
