"""Every event as it came: kept, exported by days, read back."""
