"""What the figures must be: counted from what was done, never from what the platform answers.

Written from the definitions alone (services/datacenter/README.md); shares no code with the services
and knows nothing of the story. Each module holds what can happen to one aggregate, and the measures
of it; `counting` finds them all. Figures follow from them.
"""
