"""One batch: its number, the archive, the fold; and counts that are made anew."""
