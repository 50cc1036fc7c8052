"""The command `eldercare`: a whole city on one machine, and what its operators need."""

import typer

from city.cli import archive, backup, box, jobs, service

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
for verbs in (jobs.app, box.app, service.app, backup.app):
    app.registered_commands += verbs.registered_commands
app.add_typer(jobs.topics_app, name="topics")
app.add_typer(service.parked_app, name="parked")
app.add_typer(service.audit_app, name="audit")
app.add_typer(service.keys_app, name="keys")
app.add_typer(archive.app, name="archive")
