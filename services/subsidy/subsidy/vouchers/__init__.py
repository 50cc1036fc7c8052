"""A person's voucher of one policy and month, from issue to lapse."""
