"""Was the visit given as it is billed, and what do people complain about: finished visits in,
verdicts out.
"""
