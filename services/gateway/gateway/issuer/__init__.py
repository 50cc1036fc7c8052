"""The built-in issuer of tokens, and the demo users of one box."""
