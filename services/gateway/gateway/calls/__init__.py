"""One route per public method: an HTTP request becomes a gRPC call."""
