"""The figure of the gateway: a read with identity, access and SQL behind it, beside the same route
with nothing behind it.
"""
