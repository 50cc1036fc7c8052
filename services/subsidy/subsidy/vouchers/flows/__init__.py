"""What happens to vouchers."""
