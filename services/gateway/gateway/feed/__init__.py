"""The feed of events: an organisation reads its own, by long poll."""
