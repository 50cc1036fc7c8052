"""Counts one month anew from the whole archive, straight by the definitions: what was so on its
last day, what happened in it.

It shares nothing with the projection: no differences, no timelines, no merging, no measures. It
keeps the newest state of each thing at the end of the month and then looks at each once.
"""
