"""Is what the board shows true? A seeded city lives through the gateway like people and firms do,
and knows what it did.
"""
