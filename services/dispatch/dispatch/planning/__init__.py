"""Who visits whom, and when: a county's day as a whole, and single orders in the gaps of it."""
