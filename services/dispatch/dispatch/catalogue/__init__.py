"""What can be ordered: the items of the six helps (六助)."""
