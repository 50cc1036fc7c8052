"""What operators see, with nothing personal in it: logs, traces, metrics, their names declared
once.
"""
