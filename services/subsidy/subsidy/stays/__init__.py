"""What vouchers pay of approved months of stays in institutions."""
