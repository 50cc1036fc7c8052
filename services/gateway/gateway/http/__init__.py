"""HTTP itself: the application, its connections, limits, routing, problems, static files."""
