"""Counts one month anew from the whole archive, straight by the definitions: what was so on its
last day, what happened in it.

It shares nothing with the projection but the names of measures: no differences, no timelines, no
merging, no declarations. It keeps the newest state of each thing at the end of the month and then
looks at each once. Figures follow from what it counted.
"""
