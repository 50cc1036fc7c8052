"""What this service does: one function per message – load, decide, store, emit."""
