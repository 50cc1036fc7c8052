"""Facts of other services, kept locally."""
