"""What is held of a voucher for one order, until an audit turns it into a debt."""
