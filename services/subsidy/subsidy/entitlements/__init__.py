"""Who is entitled to what, by facts alone (免申即享)."""
