"""What is decided by facts alone. Pure."""
