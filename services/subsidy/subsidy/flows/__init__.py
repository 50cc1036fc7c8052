"""What this service does; one module per thing that changes."""
