"""Claims: what opens and ends them by itself, and what officials do about them."""
