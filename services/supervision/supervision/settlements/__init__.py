"""Was the visit given as it is billed: finished visits in, verdicts out."""
