"""Days in the life of the city: each action is done through the gateway and recorded in the truth.

`story` is what all modules share, `day` the calendar; every other module does one kind of action
and owns the state of it. No random draw depends on which answer comes first: each action has a
generator of its own, made from the seed and from the action's place in the story.
"""
