"""Events in and out: outbox and relay, consumer groups, inbox, parking."""
