"""What counts where and when: pure functions from what is known of one thing to its share in every
count.

What is known of a thing is a plain mapping that events are merged into. Merging commutes and
repeats without harm, so the order in which topics are read leaves no trace. `counts_of` tells what
the thing adds to each (measure, area, month); a change of the thing changes the counts by the
difference.
"""
