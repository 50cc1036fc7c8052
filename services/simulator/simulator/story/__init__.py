"""Days in the life of the city: each deed is done through the gateway and noted in the truth.

`day` is the calendar; every other module does one kind of deed over the shared `state.Story`. No
draw of luck hangs on which answer comes first: each deed has dice of its own, made from the seed
and from the deed's place in the story.
"""

from datetime import date

START = date(2026, 1, 16)
