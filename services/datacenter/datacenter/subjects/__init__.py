"""What is counted: one file declares one subject, which is a kind of thing that events tell of.

A declaration says which events bear on the thing, what is known of it (named, typed fields, each
with its merge), its dimensions and its measures. Everything else is derived from it: the fold, the
columns of the counts, the digest of the rules, the dictionary (`python -m datacenter.subjects`).

Merging commutes and repeats without harm, so the order in which topics are read leaves no trace. A
thing's contribution is a function of what is known of it; a change of the thing changes the counts
by the difference.
"""
