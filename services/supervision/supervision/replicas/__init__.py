"""Facts of other services, kept locally: orders and workers."""
