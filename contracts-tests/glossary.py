"""Words that identifiers must not use, each with the field's term for it; CONTRIBUTING.md has the
glossary.
"""

# A part of a name, as snake_case and CamelCase divide it → the term.
PARTS = {
    "told": "to_status, to_problem, describe; or the name of the value",
    "heard": "received, subscriptions, rows",
    "said": "published, events",
    "says": "publishes",
    "hears": "consumes",
    "hearing": "Subscription",
    "undue": "cancel_timer",
    "heed": "install_signal_handlers",
    "befall": "apply_life_events",
    "bury": "record_death",
    "resay": "republish",
    "barred": "blocked",
    "looked": "record_read",
    "dealt": "assignment_generation, handled",
    "unsayable": "InvalidEvent",
    "wishes": "options",
    "util": "the name of what it does",
    "utils": "the name of what it does",
    "helper": "the name of what it does",
    "helpers": "the name of what it does",
    "manager": "the name of what it does",
}

# A whole name → the term.
NAMES = {
    "Fate": "Disposition",
    "Turn": "PolledBatch",
    "NotYet": "MissingDependency",
    "Remembered": "TableBase",
    "Ring": "KeyRing",
    "Vault": "Cipher",
    "Sealer": "AuditChain",
    "Ground": "Context",
    "Duties": "BackgroundJobs",
    "Door": "Listener",
    "dice": "rng",
    "keepers": "operators",
    "knows_first": "merge_first",
    "knows_least": "merge_least",
    "common": "the name of what is shared",
    "base": "the name of what derives from it",
    "info": "the name of what is known",
}

# How the name of a function must not begin → what it should say.
PREFIXES = {
    "handle_": "the verb of what it does",
    "process_": "the verb of what it does",
    "do_": "the verb of what it does",
}

# Names that something else gives: a library, a table.
GIVEN = {
    "info": "a level of the log; what a column carries in SQLAlchemy",
    "handle_error": "asyncio",
    "process_bind_param": "SQLAlchemy's TypeDecorator",
    "process_result_value": "SQLAlchemy's TypeDecorator",
    "do_GET": "BaseHTTPRequestHandler of http.server",
    "do_POST": "BaseHTTPRequestHandler of http.server",
    "heard_at": "the column of inbox and feed_event, which released migrations made",
}
