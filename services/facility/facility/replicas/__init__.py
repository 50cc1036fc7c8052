"""What this service needs to know of elders, as the assessment service published it."""
