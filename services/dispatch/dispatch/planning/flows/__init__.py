"""How days and single orders are planned."""
