"""What an event says about which thing. The only place of the projection that knows messages;
everything behind it knows values.

A reader returns notes (kind, id, merge, arguments), to be merged into what is known of the thing,
and counts that the event adds by itself.
"""
