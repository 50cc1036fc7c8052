"""Facts of other services, kept locally: elders, organisations, workers."""
