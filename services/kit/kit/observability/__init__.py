"""What operators see, with nothing personal in it: logs, traces and metrics, their names declared once in `names`."""
