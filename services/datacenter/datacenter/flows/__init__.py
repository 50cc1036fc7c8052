"""What the data center does with what it hears: reads events, keeps them, folds them into counts,
rebuilds and proves the counts.
"""
