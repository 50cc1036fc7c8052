"""Who is entitled to what, and where every fen of it stands: facts → entitlements → vouchers and
cash → ledger → payments.
"""
