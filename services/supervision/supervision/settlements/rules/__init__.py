"""What supervision decides. Pure: values in, values out; one detector per file."""
