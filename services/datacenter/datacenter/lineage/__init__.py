"""From a figure to the events that made it."""
