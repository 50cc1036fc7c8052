"""A service's gRPC side in this process."""
