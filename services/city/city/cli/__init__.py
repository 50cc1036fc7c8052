"""The verbs of `eldercare`."""
