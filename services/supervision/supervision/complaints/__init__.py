"""What people complain about, and whether it is closed in time."""
