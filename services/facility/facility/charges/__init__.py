"""What a facility asks for living there, and what each month of a stay comes to."""
