"""Who visits whom, when, and did they: orders in, plans of the day, proved visits out."""
